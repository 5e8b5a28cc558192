import FlashSaleKit
import Testing

@testable import flashctl

/// Pausing while a store is away: what is safe is done, the rest says what to do.
@Suite(.serialized) struct ControlOutageTests {
    @Test func withoutPostgresASaleGivenByItsNumberIsPausedAndTheRecordFollows() async throws {
        try await CommandStack.with { stores in
            let sale = try await stores.seed("--limit", "4")
            try await stores.stack.stopPostgres()

            let nameless = try await stores.run(PauseCommand.self, "--reason", "outage")
            #expect(nameless.status == .unreachable)
            #expect(nameless.failure?.message.hasSuffix(": nothing was changed") == true)
            #expect(nameless.failure?.nextStep?.hasPrefix("give the number of the sale with --sale") == true)

            let plan = try await stores.run(PauseCommand.self, "--reason", "outage", "--sale", "\(sale)", "--dry-run")
            #expect(plan.status == .success, "\(plan)")
            #expect(plan.data.contains("would be changed: checkouts are paused"))
            #expect(try await stores.snapshot(sale)?.checkoutPaused == false)

            let done = try await stores.run(PauseCommand.self, "all", "--reason", "outage", "--sale", "\(sale)")
            #expect(done.status == .success, "\(done)")
            #expect(done.data.contains("recorded in the journal; control_log gets it when Postgres can be asked"))
            let snapshot = try #require(try await stores.snapshot(sale))
            #expect(snapshot.checkoutPaused && snapshot.purchasePaused)
            let again = try await stores.run(PauseCommand.self, "--reason", "outage", "--sale", "\(sale)")
            #expect(again.status == .success)
            #expect(again.data.contains("checkouts are paused already; nothing was changed"))
            let lowered = try await stores.run(
                LimitCommand.self,
                "2",
                "--reason",
                "outage",
                "--sale",
                "\(sale)",
                "--confirm=\(sale)"
            )
            #expect(lowered.status == .success, "\(lowered)")

            try await stores.stack.startPostgres()
            // Any change by the command, or any server, drains what is in the journal.
            let later = try await stores.run(BanCommand.self, "bob", "--reason", "later")
            #expect(later.data.contains("recorded in control_log"), "\(later)")
            let actions = try await stores.controlLog(sale).map { $0.prefix { $0 != " " } }
            #expect(actions == ["pause_checkout", "pause_purchase", "limit", "ban"])
        }
    }

    @Test func aPostgresThatStandsStillHoldsUpNoPause() async throws {
        try await CommandStack.with { stores in
            let sale = try await stores.seed()
            try await stores.stack.pausePostgres()
            let done = try await stores.run(PauseCommand.self, "--reason", "outage", "--sale", "\(sale)")
            stores.stack.resumePostgres()
            #expect(done.status == .success, "\(done)")
            #expect(done.data.contains("recorded in the journal"))
            #expect(try await stores.snapshot(sale)?.checkoutPaused == true)
        }
    }

    /// The clocks are right: Redis has stood still, and only Postgres could say so.
    @Test func aRedisThatStoodStillNeedsPostgres() async throws {
        try await CommandStack.with { stores in
            let sale = try await stores.seed()
            try await stores.stack.stopPostgres()
            try await stores.withRedis { redis in
                let key = SaleKeys(sale).sale
                let now = try await redis.send(RedisCommand("HGET", key, "now_us")).string.flatMap { Int64($0) }
                let earlier = try #require(now) - 60_000_000
                _ = try await redis.send(RedisCommand("HSET", key, "now_us", "\(earlier)"))
            }
            let refused = try await stores.run(PauseCommand.self, "--reason", "x", "--sale", "\(sale)")
            #expect(refused.status == .unreachable, "\(refused)")
            #expect(refused.failure?.message.hasPrefix("cannot connect to Postgres at ") == true, "\(refused)")
            #expect(refused.failure?.nextStep?.hasPrefix("bring Postgres back") == true, "\(refused)")
            try await stores.stack.startPostgres()
            let done = try await stores.run(PauseCommand.self, "--reason", "x", "--sale", "\(sale)")
            #expect(done.status == .success, "\(done)")
        }
    }

    @Test func aRedisThatWasStartedAnewIsNotTrustedWithoutPostgres() async throws {
        try await CommandStack.with { stores in
            let sale = try await stores.seed()
            try await stores.stack.stopPostgres()
            try await stores.stack.stopRedis()
            try await stores.stack.startRedis()
            let refused = try await stores.run(PauseCommand.self, "--reason", "x", "--sale", "\(sale)")
            #expect(refused.status == .unreachable)
            #expect(refused.failure?.message.contains("was started or replaced since") == true, "\(refused)")
            #expect(try await stores.snapshot(sale)?.checkoutPaused == false)
            try await stores.stack.startPostgres()
            let done = try await stores.run(PauseCommand.self, "--reason", "x", "--sale", "\(sale)")
            #expect(done.status == .success, "Postgres knows what to do with it: \(done)")
            try await stores.stack.stopPostgres()
            // The handshake of that command has blessed it.
            let resumed = try await stores.run(ResumeCommand.self, "--reason", "x", "--sale", "\(sale)")
            #expect(resumed.status == .success, "\(resumed)")
            try await stores.stack.startPostgres()
        }
    }

    @Test func anEmptiedRedisIsNotTrustedWithoutPostgres() async throws {
        try await CommandStack.with { stores in
            let sale = try await stores.seed()
            try await stores.stack.stopPostgres()
            try await stores.withRedis { _ = try await $0.send(RedisCommand("FLUSHALL")) }
            let refused = try await stores.run(PauseCommand.self, "--reason", "x", "--sale", "\(sale)")
            #expect(refused.status == .unreachable)
            let keys = try await stores.withRedis { try await $0.send(RedisCommand("DBSIZE")).integerValue }
            #expect(keys == 0, "nothing was written into it")
            try await stores.stack.startPostgres()
        }
    }

    @Test func withoutRedisNothingCanBeChanged() async throws {
        try await CommandStack.with { stores in
            let sale = try await stores.seed()
            try await stores.stack.stopRedis()
            let refused = try await stores.run(PauseCommand.self, "--reason", "x", "--sale", "\(sale)")
            #expect(refused.status == .unreachable)
            #expect(refused.data.isEmpty)
            try await stores.stack.startRedis()
        }
    }
}
