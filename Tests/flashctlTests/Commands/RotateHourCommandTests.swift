import Testing

@testable import FlashSaleKit
@testable import flashctl

@Suite(.serialized) struct RotateHourCommandTests {
    @Test func successIsSilentAndRepeatable() async throws {
        try await CommandStack.with { stores in
            for _ in 0..<3 {
                let outcome = try await stores.run(RotateHourCommand.self, "--hourly-stock", "50")
                #expect(outcome.status == .success)
                #expect(outcome.data.isEmpty)
                #expect(outcome.talk.isEmpty)
            }
            let sales = try await stores.withPostgres { try await SaleStore(postgres: $0).all(limit: 10) }
            // Three, when the full hour passed in between.
            #expect((2...3).contains(sales.count))
            #expect(sales.allSatisfy { $0.terms.stock == 50 && $0.terms.hourly && !$0.terms.test && $0.epoch != nil })
            #expect(sales.allSatisfy { $0.terms.opensAt == $0.terms.opensAt.startOfHour })
            let verbose = try await stores.run(RotateHourCommand.self, "--verbose")
            #expect(!verbose.talk.isEmpty)
            #expect(verbose.data.isEmpty)
        }
    }

    /// A recovery is what it is for: cron need not mail about it.
    @Test func aRecoveryIsSilentToo() async throws {
        try await CommandStack.with { stores in
            _ = try await stores.run(RotateHourCommand.self)
            try await stores.withRedis { _ = try await $0.send(RedisCommand("FLUSHALL")) }
            let silent = try await stores.run(RotateHourCommand.self)
            #expect(silent.status == .success, "\(silent)")
            #expect(silent.talk.isEmpty, "\(silent.talk)")
            try await stores.withRedis { _ = try await $0.send(RedisCommand("FLUSHALL")) }
            let verbose = try await stores.run(RotateHourCommand.self, "--verbose")
            #expect(verbose.talk.contains("recovered: "), "\(verbose)")
        }
    }

    @Test func fiveAtOnceMakeOneScheduleAndSayWhoWaits() async throws {
        try await CommandStack.with { stores in
            let outcomes = try await withThrowingTaskGroup(of: CommandStack.Outcome.self) { tasks in
                for _ in 0..<5 { tasks.addTask { try await stores.run(RotateHourCommand.self) } }
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.contains { $0.status == .success })
            #expect(outcomes.allSatisfy { $0.status == .success || $0.status == .tryLater })
            let starts = try await stores.withPostgres { connection in
                try await SaleStore(postgres: connection).all(limit: 10).map(\.terms.opensAt)
            }
            #expect(Set(starts).count == starts.count)
        }
    }

    @Test func aLockHeldElsewhereIs75InOneLine() async throws {
        try await CommandStack.with { stores in
            try await stores.withPostgres { connection in
                _ = try await AdvisoryLock.rotation.whileHeld(on: connection, patience: .zero) {
                    let outcome = try await stores.run(RotateHourCommand.self)
                    #expect(outcome.status == .tryLater)
                    #expect(outcome.data.isEmpty)
                    #expect(outcome.talk == "flashctl: another process rotates right now; nothing was done\n")
                }
            }
        }
    }

    @Test func aRedisWithoutAOFIsRefusedUnlessAllowed() async throws {
        try await CommandStack.with(options: .fast.with(redis: ["appendonly": "no"])) { stores in
            let refused = try await stores.run(RotateHourCommand.self)
            #expect(refused.status == .badConfiguration)
            #expect(refused.talk.split(separator: "\n").count == 1)
            #expect(refused.talk.contains("--allow-no-aof"))
            #expect(try await stores.run(RotateHourCommand.self, "--allow-no-aof").status == .success)
        }
    }

    @Test func disagreementsAreABrokenPromise() throws {
        var report = RotationReport()
        let (first, second) = (try #require(SaleID(3)), try #require(SaleID(4)))
        report.mismatches = [second: ["b"], first: ["a1", "a2"]]
        let failure = try #require(RotateHourCommand.failure(report))
        #expect(failure.status == .invariantViolated)
        #expect(failure.message.hasSuffix("(3, 4): a1; a2"))
        #expect(failure.nextStep?.contains("status --sale 3") == true)
        #expect(RotateHourCommand.failure(RotationReport()) == nil)
    }

    @Test func salesThatFailedAreNamed() throws {
        var report = RotationReport()
        let (first, second) = (try #require(SaleID(3)), try #require(SaleID(4)))
        report.failed = [second: "was trimmed", first: "is damaged"]
        let failure = try #require(RotateHourCommand.failure(report))
        #expect(failure.status == .failure)
        #expect(failure.message == "sale 3: is damaged; sale 4: was trimmed")
        #expect(
            RotateHourCommand.lines(report) == ["failed: sale 3, is damaged", "failed: sale 4, was trimmed"]
        )
        // A broken promise is worse, and hides none of them.
        report.mismatches = [first: ["a"]]
        let worst = try #require(RotateHourCommand.failure(report))
        #expect(worst.status == .invariantViolated)
        #expect(worst.message.hasSuffix("(3): a; sale 3: is damaged; sale 4: was trimmed"))
    }

    @Test func whatWasDoneIsSaid() throws {
        let id = try #require(SaleID(3))
        var report = RotationReport()
        #expect(RotateHourCommand.lines(report) == ["nothing to do"])
        report.created = [id]
        report.opened = [id]
        report.waiting = [id: "units are still held"]
        #expect(
            RotateHourCommand.lines(report)
                == ["created: sale 3", "opened: sale 3", "not finished yet: sale 3, units are still held"]
        )
    }
}
