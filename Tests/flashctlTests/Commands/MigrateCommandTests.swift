import Testing

@testable import flashctl

@Suite(.serialized) struct MigrateCommandTests {
    @Test func migratingTwiceAppliesOnce() async throws {
        try await CommandStack.with(migrated: false) { stores in
            let plan = try await stores.run(MigrateCommand.self, "--dry-run", "-o", "json")
            #expect(plan.status == .success)
            #expect(try json(plan.data, "applied") as? [String] == [])
            let pending = try #require(try json(plan.data, "pending") as? [String])
            #expect(pending.first == "m0001_sales")
            let first = try await stores.run(MigrateCommand.self)
            #expect(first.status == .success)
            #expect(first.data.hasPrefix("applied to "))
            #expect(pending.allSatisfy { first.data.contains($0) })
            let second = try await stores.run(MigrateCommand.self)
            #expect(second.data.contains("up to date"))
            #expect(
                try json(try await stores.run(MigrateCommand.self, "-o", "json").data, "applied") as? [String] == []
            )
        }
    }

    /// A plan is none if it comes true while it is made.
    @Test func aDryRunOnThePrivateStoresAppliesNothing() async throws {
        try await LocalFolder.with { folder in
            for _ in 0..<2 {
                let plan = try await folder.run("migrate", "--dry-run", "-o", "json")
                #expect(plan.status == 0, "\(plan)")
                #expect((try json(plan.output, "pending") as? [String])?.first == "m0001_sales", "\(plan)")
            }
            let done = try await folder.run("migrate")
            #expect(done.output.hasPrefix("applied to "), "\(done)")
            #expect(try await folder.run("migrate", "--dry-run").output.contains("up to date"))
        }
    }

    @Test func aChangedMigrationIsRefused() async throws {
        try await CommandStack.with { stores in
            try await stores.withPostgres { connection in
                _ = try await connection.query("update schema_migrations set sha256 = 'other'")
            }
            let outcome = try await stores.run(MigrateCommand.self)
            #expect(outcome.status == .failure)
            #expect(outcome.data.isEmpty)
            #expect(outcome.failure?.message.contains("m0001_sales") == true)
        }
    }

    @Test func otherCommandsSayThatTheSchemaIsMissing() async throws {
        try await CommandStack.with(migrated: false) { stores in
            let outcome = try await stores.run(StatusCommand.self)
            #expect(outcome.status == .badConfiguration)
            #expect(outcome.failure?.message.contains("lacks m0001_sales") == true)
            #expect(outcome.failure?.nextStep == "run `flashctl migrate`")
        }
    }
}
