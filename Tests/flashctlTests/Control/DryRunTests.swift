import FlashSaleKit
import Testing

@testable import flashctl

/// A plan leaves both stores as they are, byte for byte; what it names is what is done afterwards.
@Suite(.serialized) struct DryRunTests {
    private let lamp = ["--name", "Lamp", "--image-url", "https://example.com/lamp.png"]

    private func unchanged<Command: EnvironmentCommand>(
        _ stores: CommandStack,
        _ type: Command.Type,
        _ arguments: [String],
        status: Status = .success,
        tables: Int = 11
    ) async throws -> CommandStack.Outcome {
        let before = try await StoreDump.of(stores)
        #expect(before.tables.count >= tables)
        let outcome = try await stores.run(type, arguments)
        #expect(outcome.status == status, "\(arguments): \(outcome)")
        let after = try await StoreDump.of(stores)
        #expect(after.tables == before.tables, "\(arguments)")
        #expect(after.keys == before.keys, "\(arguments)")
        return outcome
    }

    @Test func changesOfARunningSale() async throws {
        try await CommandStack.with { stores in
            let sale = try await stores.seed("--limit", "5")
            _ = try await stores.run(BanCommand.self, "carl", "--reason", "x")
            let common = ["--reason", "x", "--dry-run"]
            let pause = try await unchanged(stores, PauseCommand.self, ["all", "--sale", "all"] + common)
            #expect(pause.data.contains("would be changed: checkouts are paused"))
            #expect(pause.data.contains("buyers then: purchases are answered 503 paused"))
            let json = try await unchanged(stores, PauseCommand.self, ["-o", "ndjson"] + common)
            #expect(json.data.contains(#""result":"would_change""#))
            #expect(json.data.contains(#""dry_run":true"#))
            _ = try await unchanged(stores, ResumeCommand.self, ["all"] + common)
            _ = try await unchanged(stores, BanCommand.self, ["bob"] + common)
            let banned = try await unchanged(stores, BanCommand.self, ["carl"] + common)
            #expect(banned.data.contains("carl is banned already"))
            _ = try await unchanged(stores, UnbanCommand.self, ["carl"] + common)
            let limit = try await unchanged(stores, LimitCommand.self, ["2"] + common)
            #expect(limit.data.contains("would be changed: the limit is 2 per user"))
            let raise = try await unchanged(stores, LimitCommand.self, ["6"] + common, status: .failure)
            #expect(raise.failure?.message.contains("never raised") == true)
            // Refused and declined is as good as planned.
            _ = try await unchanged(stores, LimitCommand.self, ["2", "--reason", "x"], status: .usage)
            _ = try await unchanged(
                stores,
                LimitCommand.self,
                ["2", "--reason", "x", "--confirm=7"],
                status: .declined
            )
            #expect(try await stores.snapshot(sale)?.limit == 5)
        }
    }

    @Test func seedingAndReplacing() async throws {
        try await CommandStack.with { stores in
            let new = try await unchanged(stores, SeedSaleCommand.self, lamp + ["--dry-run"])
            #expect(new.data.contains("this sale would be created; nothing was changed"))
            let sale = try await stores.seed("--stock", "5")
            let other = lamp + ["--duration", "3h", "--stock", "6"]
            let differs = try await unchanged(stores, SeedSaleCommand.self, other + ["--dry-run"], status: .failure)
            #expect(differs.data.contains("with other terms"))
            let plan = try await unchanged(stores, SeedSaleCommand.self, other + ["--replace", "--dry-run"])
            #expect(plan.data.contains("sale \(sale) would be withdrawn and replaced; nothing was changed"))
            _ = try await unchanged(stores, SeedSaleCommand.self, other + ["--replace"], status: .usage)
            _ = try await unchanged(
                stores,
                SeedSaleCommand.self,
                other + ["--replace", "--confirm=99"],
                status: .declined
            )
            let same = lamp + ["--duration", "3h", "--stock", "5", "--replace", "--dry-run"]
            #expect(try await unchanged(stores, SeedSaleCommand.self, same).data.contains("exactly these terms"))
        }
    }

    @Test func migrationOfASchemaThatIsBehind() async throws {
        try await CommandStack.with(migrated: false) { stores in
            let plan = try await unchanged(stores, MigrateCommand.self, ["--dry-run"], tables: 0)
            #expect(plan.data.contains("m0001_sales"), "\(plan)")
        }
    }

    @Test func rotationMigrationAndReconciliation() async throws {
        try await CommandStack.with { stores in
            // The first validation blesses Redis; a plan does without it, before and after.
            let first = try await unchanged(stores, RotateHourCommand.self, ["--dry-run"])
            #expect(first.data.contains("would create and open: the sale of "))
            _ = try await stores.run(RotateHourCommand.self)
            let again = try await unchanged(stores, RotateHourCommand.self, ["--dry-run", "-o", "json"])
            #expect(try json(again.data, "finish") as? [Int] == [])
            try await stores.withPostgres { postgres in
                _ = try await postgres.query("update sales set closes_at = clock_timestamp() where id = 1")
            }
            let ended = try await unchanged(stores, RotateHourCommand.self, ["--dry-run", "-o", "json"])
            #expect(try json(ended.data, "finish") as? [Int] == [1])
            _ = try await unchanged(stores, MigrateCommand.self, ["--dry-run"])
            let stuck = try await unchanged(stores, ReplayAttemptsCommand.self, ["--pending", "--dry-run"])
            #expect(stuck.data.contains("of the journal wait"), "\(stuck)")
            let cli = "redis-cli -s '\(stores.stack.redisSocket)' hincrby 'fs:{2}:sale' free -1 >/dev/null"
            #expect(try await BuiltBinary.script(cli).status == 0)
            let plan = try await unchanged(stores, ReconcileCommand.self, ["--plan", "--sale", "2"])
            #expect(plan.data.contains("to do this: flashctl reconcile --apply"))
        }
    }
}
