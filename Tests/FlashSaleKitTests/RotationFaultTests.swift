import Testing

@testable import FlashSaleKit

/// One sale that goes wrong holds up no other, and nobody is surprised by keys that are gone.
struct RotationFaultTests {
    private func rotation(_ shop: Shop) -> Rotation { Rotation(redis: shop.redis, postgres: shop.postgres) }

    private func hourlySalesInRedis(_ shop: Shop) async throws -> Int {
        try await shop.count("select count(*) from sales where hourly and opened_in_redis_at is not null")
    }

    /// The journal of the first sale was trimmed before it was drained: only an operator can tell what that means.
    @Test func aSaleThatCannotBeFinishedStopsNeitherOpeningNorOtherEnds() async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let broken = try await shop.openSale(opensAgo: 120_000)
            let fine = try await shop.openSale()
            for sale in [broken, fine] { try await sale.end() }
            let trimmed = RedisCommand("HSET", broken.keys.sale, "trimmed_to_ledger", "9999999999999-0")
            _ = try await shop.redis.send(trimmed)
            let report = try await rotation(shop).run()
            #expect(report.opened.count == 2)
            #expect(report.finished == [fine.id])
            #expect(report.failed.keys.sorted() == [broken.id])
            #expect(report.failed[broken.id]?.contains("was trimmed to 9999999999999-0") == true, "\(report)")
            #expect(try await hourlySalesInRedis(shop) == 2)
            // It is said again each time, and the sale is not given up.
            #expect(try await rotation(shop).run().failed.keys.sorted() == [broken.id])
            #expect(try await shop.store.find(broken.id)?.finishedAt == nil)
        }
    }

    @Test func aSaleThatCannotBeOpenedStopsNoOther() async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let sold = try await shop.openSale()
            try await sold.checkout(["anna"], expect: "H")
            try await sold.drainLedger()
            _ = try await shop.postgres.query("update sales set opened_in_redis_at = null where id = \(sold.id)")
            let report = try await rotation(shop).run()
            #expect(report.opened.count == 2)
            #expect(report.failed[sold.id]?.contains("has a ledger but was never opened") == true, "\(report)")
        }
    }

    @Test func aSaleThatIsShutIsReportedAndTheHoursGoOn() async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let ended = try await shop.openSale(opensAgo: 120_000)
            let running = try await shop.openSale()
            try await ended.end()
            for sale in [ended, running] {
                try await sale.addPurchaseWithoutLedger()
                _ = try await shop.redis.send(RedisCommand("DEL", sale.keys.holds))
            }
            let report = try await rotation(shop).run()
            #expect(report.opened.count == 2)
            #expect(report.finished.isEmpty)
            #expect(report.failed.keys.sorted() == [ended.id, running.id])
            #expect(
                report.failed[ended.id]?.contains("1 committed purchases are not in its ledger") == true,
                "\(report)"
            )
        }
    }

    /// Rows that Postgres refuses become dead letters without costing the connection: that sale waits for somebody, and
    /// the one behind it is finished.
    @Test func refusedRowsHoldUpTheirSaleAlone() async throws {
        try await Shop.with { shop in
            try await shop.refuseNamesBeyondLatin()
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let refused = try await shop.openSale(opensAgo: 120_000)
            let behind = try await shop.openSale()
            let holds = try await refused.checkout(["日本"], expect: "H")
            try await refused.release(holds)
            for sale in [refused, behind] { try await sale.end() }
            let report = try await rotation(shop).run()
            #expect(report.opened.count == 2)
            #expect(report.failed.isEmpty)
            #expect(report.mismatches[refused.id]?.contains { $0.hasSuffix("are dead letters") } == true, "\(report)")
            #expect(report.finished == [behind.id])
            #expect(shop.postgres.isUsable)
        }
    }

    /// What went with the data of Redis is known and on record: the sale is finished all the same.
    @Test(arguments: JournalStream.allCases)
    func aSaleThatLostRedisDataIsFinished(drained: JournalStream) async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let lost = try await shop.openSale(opensAgo: 120_000)
            let holds = try await lost.checkout(["anna", "bob"], expect: "HH")
            if drained == .ledger { try await lost.drainLedger() } else { try await lost.drainAttempts() }
            _ = try await shop.redis.send(RedisCommand("FLUSHALL"))
            let rebuilt = try await lost.validated()
            if drained == .ledger {
                #expect(try await rebuilt.purchase([holds[0]]) == [.purchased])
                #expect(try await rebuilt.release([holds[1]]) == [.released])
            }
            try await rebuilt.checkout(["carl"], expect: "H")
            // Since the recovery nothing may be missing.
            let broken = try await shop.openSale()
            try await broken.checkout(["anna"], expect: "H")
            try await broken.drainAttempts()
            _ = try await shop.postgres.query(
                "delete from \(identifier: AttemptsBatch.partition(of: broken.id)) where user_id = 'anna'"
            )
            for sale in [rebuilt, broken] {
                for hold in try await sale.openHolds() { try await sale.release([hold]) }
                try await sale.end()
            }
            let report = try await rotation(shop).run()
            #expect(report.finished == [lost.id])
            #expect(report.mismatches == [broken.id: ["0 attempts got a hold, the ledger has 1"]])
        }
    }

    /// A sale that waits for somebody after its end: whatever Redis goes through meanwhile, it stays over.
    @Test(arguments: ["restarted", "killed while recovering", "emptied"])
    func aSaleThatIsOverStaysOver(kind: String) async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let open = try await shop.openSale()
            let holds = try await open.checkout(["anna"], expect: "H")
            try await open.purchase(holds)
            try await open.end()
            try await open.finish()
            try await open.drainLedger()
            try await open.drainAttempts()
            var back = shop
            switch kind {
            case "restarted":
                try await shop.stack.stopRedis()
                try await shop.stack.startRedis()
                back = try await shop.anotherProcess()
            case "emptied": _ = try await shop.redis.send(RedisCommand("FLUSHALL"))
            default:
                let steps = EpochSteps(redis: shop.redis, postgres: shop.postgres)
                let epoch = try await steps.takeEpoch()
                try await steps.raiseCursors(of: [open.id], to: epoch)
                _ = try await steps.fence(open.id, epoch)
            }
            let over = try await open.validated(back)
            #expect(over.epoch > open.epoch)
            #expect(try await over.snapshot().state == .finished)
            #expect(try await over.purchase(holds) == [.alreadyPurchased])
            let report = try await Verification(redis: back.redis, postgres: back.postgres).run(open.id)
            #expect(report.findings.map(\.sentence) == [])
            #expect(try await rotation(back).run().finished == [open.id])
            #expect(try await back.count("select count(*) from ledger where kind = 'control'") == 1)
        }
    }

    /// Servers read the schedule every second: until they know of the end, the keys tell them.
    @Test func keysOutliveTheEndOfTheirSale() async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let open = try await shop.openSale()
            try await open.end()
            #expect(try await rotation(shop).run().finished == [open.id])
            let sweep = ExpireCall.command(keys: open.keys, epoch: open.epoch, confirmed: try await shop.store.now())
            let swept = try ExpireCall.parse(try await shop.redis.send(sweep))
            #expect(swept.status == .closed, "a server that does not know yet is told, not alarmed")
            _ = try await rotation(shop).run()
            #expect(try await open.keysLeft() == 9)
            try await open.finishedEarlier(seconds: 600)
            _ = try await rotation(shop).run()
            #expect(try await open.keysLeft() == 1)
        }
    }

    /// Killed between `begin` and the mark in Postgres, and closed before anybody tried again.
    @Test func keysOfASaleThatWasKilledWhileOpeningAreRemoved() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale()
            try await open.end()
            _ = try await shop.postgres.query("update sales set opened_in_redis_at = null where id = \(open.id)")
            #expect(try await rotation(shop).run().finished == [open.id])
            #expect(try await open.keysLeft() == 9)
            try await open.finishedEarlier(seconds: 600)
            _ = try await rotation(shop).run()
            #expect(try await open.keysLeft() == 0)
        }
    }
}

extension OpenSale {
    /// Closes the sale for good in Redis, as its finisher does first.
    fileprivate func finish() async throws {
        guard let request = ControlCall.Request(.finish, who: "ops", why: "test") else { throw ShopError("no request") }
        let command = ControlCall.command(
            keys: keys,
            epoch: epoch,
            confirmed: try await shop.store.now(),
            request: request
        )
        let outcome = try ControlCall.parse(try await shop.redis.send(command)).decision
        guard outcome == .changed else { throw ShopError("the sale was not finished: \(outcome, default: "refused")") }
    }

    /// What is held in Redis.
    fileprivate func openHolds() async throws -> [HoldID] {
        let members = try await shop.redis.send(RedisCommand("ZRANGE", keys.deadlines, "0", "-1")).elements ?? []
        return members.compactMap { $0.string.flatMap { HoldID(hex: Array($0.utf8)) } }
    }
}
