import FlashSaleKit
import Testing

@testable import flashctl

/// What operators have changed outlives Redis and its data, and is recorded once.
@Suite(.serialized) struct ControlSurvivalTests {
    private func changed(_ stores: CommandStack) async throws -> SaleID {
        let sale = try await stores.seed("--limit", "5")
        let id = "\(sale)"
        for part in ["checkout", "purchase"] {
            _ = try await stores.run(PauseCommand.self, part, "--reason", "incident", "--sale", id)
        }
        _ = try await stores.run(ResumeCommand.self, "purchase", "--reason", "paying works", "--sale", id)
        for user in ["bob", "carl"] { _ = try await stores.run(BanCommand.self, user, "--reason", "bot", "--sale", id) }
        _ = try await stores.run(UnbanCommand.self, "carl", "--reason", "mistaken", "--sale", id)
        for units in ["4", "2"] {
            _ = try await stores.run(LimitCommand.self, units, "--reason", "few", "--sale", id, "--confirm=\(sale)")
        }
        #expect(try await stores.controlLog(sale).count == 8)
        return sale
    }

    private func check(_ stores: CommandStack, _ sale: SaleID, _ log: [String], _ what: String) async throws {
        let rotated = try await stores.run(RotateHourCommand.self)
        #expect(rotated.status == .success, "\(what): \(rotated)")
        let snapshot = try #require(try await stores.snapshot(sale))
        #expect(snapshot.state == .open, "\(what)")
        #expect(snapshot.checkoutPaused && !snapshot.purchasePaused, "\(what)")
        #expect(snapshot.limit == 2, "\(what)")
        let banned = try await stores.withRedis { redis in
            let controller = SaleController(redis: redis)
            return [
                try await controller.isBanned("bob", from: sale), try await controller.isBanned("carl", from: sale),
            ]
        }
        #expect(banned == [true, false], "\(what)")
        #expect(try await stores.controlLog(sale) == log, "\(what)")
        let verified = try await stores.run(VerifyCommand.self, "--sale", "\(sale)")
        #expect(verified.status == .success, "\(what): \(verified)")
    }

    @Test func aFlushedRestartedOrRepeatedlyRecoveredRedisKeepsThem() async throws {
        try await CommandStack.with { stores in
            let sale = try await changed(stores)
            let log = try await stores.controlLog(sale)
            for round in 1...2 {
                try await stores.withRedis { _ = try await $0.send(RedisCommand("FLUSHALL")) }
                try await check(stores, sale, log, "FLUSHALL \(round)")
            }
            try await stores.stack.killRedis()
            try await stores.stack.startRedis()
            try await check(stores, sale, log, "restart")
            let resumed = try await stores.run(ResumeCommand.self, "--reason", "over", "--sale", "\(sale)")
            #expect(resumed.status == .success)
            #expect(try await stores.controlLog(sale).count == log.count + 1)
        }
    }
}
