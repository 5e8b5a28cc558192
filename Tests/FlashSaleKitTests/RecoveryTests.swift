import TestSupport
import Testing

@testable import FlashSaleKit

/// Which Redis may be used, and what happens when it is another one than before.
struct RecoveryTests {
    private func handshake(_ shop: Shop) -> Handshake { Handshake(redis: shop.redis, postgres: shop.postgres) }

    @Test func theFirstRedisIsBlessedAndFoundAgain() async throws {
        try await Shop.with { shop in
            let first = try await handshake(shop).validate()
            #expect(first.epochs.isEmpty)
            let installation = try await Installation.read(shop.postgres)
            #expect(installation.secret.count == 32)
            #expect(first.identity.installationID == installation.id)
            let mirrored = try await shop.redis.send(RedisCommand("GET", Handshake.installationKey)).string
            #expect(mirrored == installation.id)
            let open = try await shop.openSale()
            let second = try await handshake(shop).validate()
            #expect(second.identity == first.identity)
            #expect(second.epochs == [open.id: open.epoch])
        }
    }

    @Test func aRedisThatCameBackWithEverythingIsAdopted() async throws {
        try await Shop.with { shop in
            _ = try await handshake(shop).validate()
            let open = try await shop.openSale(stock: 5)
            let holds = try await open.checkout(["anna", "bob"], expect: "HH")
            try await open.purchase([holds[0]])
            try await open.drainLedger()
            let before = try await open.snapshot()
            try await shop.stack.stopRedis()
            try await shop.stack.startRedis()
            let back = try await shop.anotherProcess()
            let validated = try await handshake(back).validate()
            var adopted = OpenSale(shop: back, sale: open.sale, epoch: open.epoch)
            let epoch = try #require(validated.epochs[open.id])
            #expect(epoch > open.epoch)
            // Whoever still works with the old epoch decides nothing any more.
            await #expect(throws: ShopError.self) { try await adopted.checkout(["carl"]) }
            let fenced = await #expect(throws: JournalError.self) { try await adopted.drainAttempts() }
            #expect(fenced?.code == .fenced)
            adopted.epoch = epoch
            let after = try await adopted.snapshot()
            #expect([after.free, after.held, after.sold] == [before.free, before.held, before.sold])
            #expect(after.isConsistent)
            #expect(try await adopted.purchase([holds[1]]) == [.purchased])
            try await adopted.checkout(["carl"], expect: "H")
            try await adopted.drainLedger()
            try await adopted.drainAttempts()
            let record = try await SaleRecord.read(open.id, from: back.postgres)
            #expect(record.purchases == 2)
            #expect(record.attempts == 3)
            #expect(try await handshake(back).validate() == validated, "once is enough")
        }
    }

    @Test func anEmptiedRedisWithTheSameIdentityIsRebuiltAndBlessedAgain() async throws {
        try await Shop.with { shop in
            let before = try await handshake(shop).validate()
            let open = try await shop.openSale()
            _ = try await shop.redis.send(RedisCommand("FLUSHALL"))
            let after = try await handshake(shop).validate()
            #expect(after.shut.isEmpty)
            #expect(after.epochs.keys.sorted() == [open.id])
            #expect(after.identity.epoch > before.identity.epoch)
            #expect(try await handshake(shop).validate() == after)
        }
    }

    /// Killed between its fence and its end, a recovery is simply run again.
    @Test(arguments: 0..<3) func aRecoveryThatWasKilledIsRepeated(stepsDone: Int) async throws {
        try await Shop.with { shop in
            _ = try await handshake(shop).validate()
            let open = try await shop.openSale()
            try await open.checkout(["anna"], expect: "H")
            let steps = EpochSteps(redis: shop.redis, postgres: shop.postgres)
            let epoch = try await steps.takeEpoch()
            try await steps.raiseCursors(of: [open.id], to: epoch)
            if stepsDone > 0 {
                let fenced = try await steps.fence(open.id, epoch)
                if stepsDone > 1 {
                    let keysEpoch = try #require(fenced.keysEpoch)
                    let adopt = RestoreCall.adopt(keys: open.keys, epoch: epoch, keysEpoch: keysEpoch)
                    try await steps.restore(adopt, "adopt", open.id)
                }
            }
            let validated = try await handshake(shop).validate()
            let final = try #require(validated.epochs[open.id])
            // After its last write to the sale there is nothing left to repeat.
            #expect(stepsDone > 1 ? final == epoch : final > epoch)
            let sale = OpenSale(shop: shop, sale: open.sale, epoch: final)
            #expect(try await sale.snapshot().held == 1)
            try await sale.checkout(["bob"], expect: "H")
            #expect(try await sale.drainAttempts().rows == 2)
        }
    }

    @Test func serversThatComeTogetherRecoverOnce() async throws {
        try await Shop.with { shop in
            _ = try await handshake(shop).validate()
            let open = try await shop.openSale()
            try await open.checkout(["anna"])
            try await shop.stack.stopRedis()
            try await shop.stack.startRedis()
            let validated = try await withThrowingTaskGroup(of: ValidatedRedis.self) { group in
                var options = HandshakeOptions()
                options.patience = TestPatience.limit
                for _ in 0..<4 {
                    let other = try await shop.anotherProcess()
                    let handshake = Handshake(redis: other.redis, postgres: other.postgres, options: options)
                    group.addTask { try await handshake.validate() }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(validated.allSatisfy { $0 == validated[0] })
            #expect(try await shop.count("select last_value from epochs") == validated[0].identity.epoch)
        }
    }

    /// Failover without fencing: the old Redis sold on after the new one had taken over, and now looks whole.
    @Test func aRedisThatWasReplacedMeanwhileIsNotTakenForTheGoodOne() async throws {
        try await Shop.with { shop in
            _ = try await handshake(shop).validate()
            let before = try await shop.openSale(stock: 5)
            let early = try await before.checkout(["anna"], expect: "H")
            try await before.drainLedger()
            try await before.drainAttempts()
            try await withRedis { redis in
                let successor = Shop(stack: shop.stack, redis: redis, postgres: shop.postgres)
                let taken = try await before.validated(successor)
                let sold = try await taken.checkout(["bob"], expect: "H")
                try await taken.purchase(sold)
                try await taken.drainLedger()
                try await taken.drainAttempts()
                // Later than all that Postgres has read, and with as many steps.
                try await Task.sleep(for: .milliseconds(5))
                let late = try await before.checkout(["carl"], expect: "H")
                #expect(try await before.purchase(late) == [.purchased], "unit 1 again")
                for user in ["dora", "emil"] { try await before.checkout([user], expect: "H") }
                let back = try await before.validated(shop)
                let kinds = try await shop.text("select string_agg(kind, ' ' order by epoch) from recoveries")
                #expect(kinds == "rebuilt rebuilt")
                let snapshot = try await back.snapshot()
                #expect([snapshot.free, snapshot.held, snapshot.sold] == [3, 1, 1])
                let outcomes = try await back.purchase([sold[0], early[0], late[0]])
                #expect(outcomes == [.alreadyPurchased, .purchased, .unknown])
                try await back.drainLedger()
                try await back.drainAttempts()
                let units = try await shop.text(
                    "select string_agg(unit || ' ' || user_id, ', ' order by unit) from purchases"
                )
                #expect(units == "1 bob, 2 anna")
                #expect(try await shop.count("select count(*) from dead_letter") == 0)
                let report = try await Verification(redis: shop.redis, postgres: shop.postgres).run(before.id)
                #expect(report.findings.map(\.sentence) == [])
            }
        }
    }

    @Test func aRedisOfAnotherInstallationIsRefused() async throws {
        try await Shop.with { shop in
            let foreign = "00000000-0000-0000-0000-000000000000"
            _ = try await shop.redis.send(RedisCommand("SET", Handshake.installationKey, foreign))
            let error = await #expect(throws: RecoveryError.self) { _ = try await handshake(shop).validate() }
            #expect(error?.code == .installationMismatch)
            #expect(error?.nextStep != nil)
            #expect(try await shop.count("select count(*) from redis_identity") == 0)
        }
    }

    @Test func anUnsafeRedisIsRefused() async throws {
        try await Shop.with { shop in
            _ = try await shop.redis.send(RedisCommand("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"))
            let error = await #expect(throws: RecoveryError.self) { _ = try await handshake(shop).validate() }
            #expect(error?.code == .unsafeConfiguration)
            #expect(error?.message.contains("noeviction") == true)
        }
    }
}
