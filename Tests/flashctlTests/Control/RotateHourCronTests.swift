import Foundation
import Testing

@testable import FlashSaleKit
@testable import flashctl

/// `rotate-hour` as cron runs it.
@Suite(.serialized) struct RotateHourCronTests {
    /// Nothing but a PATH, no terminal, the streams that are named closed.
    private func cron(_ stores: CommandStack, _ more: String = "", closing: String = "<&-") async throws
        -> BuiltBinary.Outcome
    {
        try await BuiltBinary.script(
            """
            exec env -i PATH=/usr/bin:/bin "$0" rotate-hour --redis '\(stores.stack.redisURL)' \
                --postgres '\(stores.stack.postgresURL)' \(more) \(closing)
            """
        )
    }

    @Test func itNeedsNoEnvironmentAndNoInput() async throws {
        try await CommandStack.with { stores in
            for _ in 0..<2 {
                let outcome = try await cron(stores)
                #expect(outcome.status == 0, "\(outcome)")
                #expect(outcome.output.isEmpty && outcome.talk.isEmpty)
            }
            let verbose = try await cron(stores, "--verbose")
            #expect(verbose.output.isEmpty)
            #expect(verbose.talk == "nothing to do\n")
            let sales = try await stores.withPostgres { try await SaleStore(postgres: $0).unfinished() }
            #expect(sales.count >= 2)
            #expect(sales.allSatisfy { $0.epoch != nil })
        }
    }

    @Test func closedStreamsDoNotReachTheStores() async throws {
        try await CommandStack.with { stores in
            let silent = try await cron(stores, "--verbose", closing: "<&- >&- 2>&-")
            #expect(silent.status == 0)
            let plan = try await cron(stores, "--dry-run", closing: "<&- 2>&-")
            #expect(plan.status == 0)
            #expect(plan.output == "nothing to do\nnothing was changed\n")
        }
    }

    @Test func aFailureIsOneLineOnStandardError() async throws {
        try await CommandStack.with { stores in
            try await stores.stack.stopRedis()
            let outcome = try await cron(stores)
            #expect(outcome.status == 69, "\(outcome)")
            #expect(outcome.output.isEmpty)
            #expect(outcome.talk.split(separator: "\n", omittingEmptySubsequences: false).count == 2, "\(outcome.talk)")
            #expect(outcome.talk.hasPrefix("flashctl: "))
            try await stores.stack.startRedis()
        }
        let nowhere = try await BuiltBinary.script("exec env -i PATH=/usr/bin:/bin \"$0\" rotate-hour <&-")
        #expect(nowhere.status == 78)
        #expect(nowhere.talk.split(separator: "\n").count == 1)
    }

    /// Somebody recovers: the rotation waits, until its own time is over.
    @Test func aRotationThatTakesTooLongIs75InOneLine() async throws {
        try await CommandStack.with { stores in
            try await stores.withPostgres { postgres in
                _ = try await AdvisoryLock.recovery.whileHeld(on: postgres, patience: .zero) {
                    let outcome = try await cron(stores, "--timeout 500ms")
                    #expect(outcome.status == 75, "\(outcome)")
                    #expect(
                        outcome.talk == "flashctl: not done within 500ms; what was done stays done; next step: "
                            + "run it again, with a longer --timeout if that does not help\n"
                    )
                    #expect(outcome.output.isEmpty)
                }
            }
            #expect(try await cron(stores).status == 0)
        }
    }

    @Test(arguments: ["0s", "-1s", "soon", "5"])
    func whatIsNoTimeIsAUsageError(timeout: String) {
        #expect(throws: (any Error).self) { try RotateHourCommand.parse(["--timeout", timeout]) }
    }

    /// An hour late, 40 minutes more, and after several hours without a rotation.
    @Test(arguments: [60, 100, 40 + 5 * 60])
    func oneRunCatchesUpAfterADowntime(minutes: Int64) async throws {
        try await CommandStack.with { stores in
            let old = try await stores.withBoth { redis, postgres in
                // Rotated for the last time so long ago.
                let now = try await SaleStore(postgres: postgres).now().adding(milliseconds: -minutes * 60_000)
                return try await Rotation(redis: redis, postgres: postgres).run(now: now).created
            }
            let plan = try await stores.run(RotateHourCommand.self, "--dry-run", "-o", "json")
            let done = try await stores.run(RotateHourCommand.self, "--verbose")
            #expect(done.status == .success, "\(done)")
            let sales = try await stores.withPostgres { try await SaleStore(postgres: $0).all(limit: 20) }
            let now = try await stores.withPostgres { try await SaleStore(postgres: $0).now() }
            let hour = now.startOfHour
            let live = sales.filter { $0.finishedAt == nil }.map(\.terms.opensAt)
            #expect(live == [hour.adding(milliseconds: 3_600_000), hour], "this hour and the next, and nothing else")
            #expect(sales.filter { $0.finishedAt == nil }.allSatisfy { $0.epoch != nil })
            let ended = sales.filter { $0.finishedAt != nil }.map(\.id).sorted()
            #expect(!ended.isEmpty && ended.allSatisfy(old.contains))
            #expect(try json(plan.data, "finish") as? [Int] == ended.map { Int($0.rawValue) }, "as it was planned")
            let created = try #require(try json(plan.data, "create") as? [[String: Any]]).count
            #expect(created == sales.count - old.count)
        }
    }
}

extension CommandStack {
    /// Runs `body` with a connection to each store.
    func withBoth<Value: Sendable>(
        _ body: @Sendable (RedisClient, PostgresConnection) async throws -> Value
    ) async throws -> Value {
        try await withPostgres { postgres in try await withRedis { try await body($0, postgres) } }
    }
}
