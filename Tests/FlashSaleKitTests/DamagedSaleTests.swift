import Testing

@testable import FlashSaleKit

/// A sale that lacks data is rebuilt alone: the others go on, undisturbed.
struct DamagedSaleTests {
    private func validate(_ shop: Shop) async throws -> ValidatedRedis {
        try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
    }

    private func lastEpoch(_ shop: Shop) async throws -> Int {
        try await shop.count("select last_value from epochs")
    }

    @Test func theWholeSalesOfARestartedRedisAreAdoptedAndTheOthersRebuilt() async throws {
        try await Shop.with { shop in
            _ = try await validate(shop)
            let (broken, fine) = (try await shop.openSale(opensAgo: 120_000), try await shop.openSale())
            try await fine.checkout(["anna"], expect: "H")
            try await broken.checkout(["zoe"], expect: "H")
            _ = try await shop.redis.send(RedisCommand("DEL", broken.keys.receipts))
            try await shop.stack.stopRedis()
            try await shop.stack.startRedis()
            let back = try await shop.anotherProcess()
            let validated = try await validate(back)
            #expect(validated.shut.isEmpty)
            #expect(validated.epochs.keys.sorted() == [broken.id, fine.id])
            let kinds = try await back.text(
                "select string_agg(sale_id || ' ' || kind, ', ' order by sale_id) from recoveries"
            )
            #expect(kinds == "\(broken.id) rebuilt, \(fine.id) adopted")
            let epoch = try #require(validated.epochs[fine.id])
            #expect(epoch == validated.identity.epoch)
            let adopted = OpenSale(shop: back, sale: fine.sale, epoch: epoch)
            try await adopted.checkout(["bob"], expect: "H")
            #expect(try await adopted.drainAttempts().rows == 2)
            #expect(try await OpenSale(shop: back, sale: broken.sale, epoch: epoch).snapshot().held == 1)
            // Again and again: no new epoch, so nobody who sells is shut out.
            for _ in 0..<3 { #expect(try await validate(back) == validated) }
            #expect(try await lastEpoch(back) == Int(epoch))
            try await adopted.checkout(["carl"], expect: "H")
        }
    }

    /// On a Redis that runs on: every key of a sale in turn. What the streams hold is not lost with any other key.
    @Test(arguments: 0..<9) func aLostKeyIsRebuiltAndOtherSalesGoOn(index: Int) async throws {
        try await Shop.with { shop in
            let blessed = try await validate(shop)
            let (broken, fine) = (try await shop.openSale(opensAgo: 120_000), try await shop.openSale())
            let holds = try await broken.checkout(["anna", "bob", "carl"], expect: "HHH")
            try await broken.purchase([holds[0]])
            try await broken.release([holds[1]])
            // Deleting a stream loses what was not drained: here that is nothing.
            if index > 6 {
                try await broken.drainLedger()
                try await broken.drainAttempts()
            }
            _ = try await shop.redis.send(RedisCommand("DEL", broken.keys.all[index]))
            await #expect(throws: ShopError.self) { try await broken.checkout(["dora"]) }

            let validated = try await validate(shop)
            #expect(validated.shut.isEmpty)
            #expect(validated.epochs[fine.id] == fine.epoch, "the other keeps its epoch")
            #expect(validated.identity == blessed.identity)
            let rebuilt = OpenSale(shop: shop, sale: broken.sale, epoch: try #require(validated.epochs[broken.id]))
            #expect(rebuilt.epoch > broken.epoch)
            let snapshot = try await rebuilt.snapshot()
            #expect([snapshot.free, snapshot.held, snapshot.sold] == [98, 1, 1])
            await #expect(throws: ShopError.self) { try await broken.checkout(["dora"]) }
            #expect(try await validate(shop) == validated)
            #expect(try await lastEpoch(shop) == Int(rebuilt.epoch))
            #expect(try await rebuilt.purchase(holds) == [.alreadyPurchased, .unknown, .purchased])
            try await rebuilt.drainLedger()
            try await rebuilt.drainAttempts()
            #expect(try await shop.count("select count(*) from purchases") == 2)
            #expect(try await shop.count("select count(*) from attempts") == 3)
            try await fine.checkout(["carl"], expect: "H")
            #expect(try await fine.drainAttempts().rows == 1)
        }
    }

    @Test(
        arguments: [
            "a lost sentinel", "a lost hold", "another type", "a lost field", "a lost sale", "another type of sale",
            "another type of stream",
        ]
    )
    func otherDamageIsRebuiltToo(kind: String) async throws {
        try await Shop.with { shop in
            _ = try await validate(shop)
            let open = try await shop.openSale()
            let holds = try await open.checkout(["anna"], expect: "H")
            try await open.drainLedger()
            try await open.drainAttempts()
            let hold = String(decoding: holds[0].hex, as: UTF8.self)
            let commands =
                switch kind {
                case "a lost sentinel": [RedisCommand("HDEL", open.keys.users, "")]
                case "a lost hold": [RedisCommand("HDEL", open.keys.holds, hold)]
                case "another type":
                    [RedisCommand("DEL", open.keys.banned), RedisCommand("SET", open.keys.banned, "x")]
                case "a lost field": [RedisCommand("HDEL", open.keys.sale, "limit")]
                case "another type of sale": [RedisCommand("SET", open.keys.sale, "x")]
                case "another type of stream": [RedisCommand("SET", open.keys.ledger, "x")]
                default: [RedisCommand("DEL", open.keys.sale)]
                }
            for command in commands { _ = try await shop.redis.send(command) }
            let rebuilt = try await open.validated()
            #expect(rebuilt.epoch > open.epoch)
            #expect(try await rebuilt.purchase(holds) == [.purchased])
            #expect(try await open.validated().epoch == rebuilt.epoch, "once is enough")
        }
    }

    /// A Redis that was set back while it ran lacks what Postgres has read from it.
    @Test func aStreamThatEndsBeforeItsCursorIsDamage() async throws {
        try await Shop.with { shop in
            _ = try await validate(shop)
            let open = try await shop.openSale()
            _ = try await shop.postgres.query(
                "update journal_cursor set last_id = '9999999999999-0' where stream = 'attempts'"
            )
            let rebuilt = try await open.validated()
            let reason = try await shop.text("select reason from recoveries")
            #expect(reason.hasPrefix("its attempts ends at"))
            // Streams begin above what Postgres has: what is decided from now on is drained.
            try await rebuilt.checkout(["anna"], expect: "H")
            #expect(try await rebuilt.drainAttempts().rows == 1)
        }
    }

    /// Somebody wrote to the ledger and was killed before Redis heard of it: what Redis has is no longer true.
    @Test func aRedisThatIsBehindTheStepsOfPostgresIsRebuilt() async throws {
        try await Shop.with { shop in
            _ = try await validate(shop)
            let open = try await shop.openSale()
            let holds = try await open.checkout(["anna"], expect: "H")
            try await open.drainLedger()
            _ = try await shop.postgres.query(
                """
                insert into ledger (
                    sale_id, epoch, seq, idx, at, kind, hold_id, user_id, item_id, unit, user_slot, detail)
                values (\(open.id), \(open.epoch), 50, 0, now(), 'purchased', \(holds[0]), 'anna', 7, 1, 1, '')
                """
            )
            _ = try await shop.postgres.query("update journal_cursor set last_seq = 50 where stream = 'ledger'")
            let rebuilt = try await open.validated()
            #expect(try await shop.text("select reason from recoveries") == "it is at step 2, Postgres has step 50")
            #expect(try await rebuilt.purchase(holds) == [.alreadyPurchased])
            #expect(try await rebuilt.snapshot().sequence > 50)
        }
    }

    /// A damaged sale does not hide the loss of another one later.
    @Test func theNextDamageIsFoundBesideTheFirst() async throws {
        try await Shop.with { shop in
            _ = try await validate(shop)
            let (first, second) = (try await shop.openSale(opensAgo: 120_000), try await shop.openSale())
            try await first.addPurchaseWithoutLedger()
            _ = try await shop.redis.send(RedisCommand("DEL", first.keys.users))
            #expect(try await validate(shop).epochs == [second.id: second.epoch])
            _ = try await shop.redis.send(RedisCommand("DEL", second.keys.ledger))
            let validated = try await validate(shop)
            #expect(validated.epochs.keys.sorted() == [second.id])
            #expect(validated.shut.keys.sorted() == [first.id])
        }
    }

    /// What is read is never torn: buyers and drains go on while it is inspected.
    @Test func aSaleUnderFireIsNotTakenForDamaged() async throws {
        try await Shop.with { shop in
            let blessed = try await validate(shop)
            let open = try await shop.openSale(stock: 500)
            let buyer = OpenSale(shop: try await shop.anotherProcess(), sale: open.sale, epoch: open.epoch)
            async let bought: Void = {
                for round in 0..<60 {
                    let holds = try await buyer.checkout((0..<5).map { "user\(round)-\($0)" })
                    try await buyer.purchase(Array(holds.prefix(2)))
                    try await buyer.release(Array(holds.suffix(2)))
                    try await buyer.drainLedger()
                    try await buyer.drainAttempts()
                }
            }()
            for _ in 0..<40 {
                let validated = try await validate(shop)
                #expect(validated.shut.isEmpty)
                #expect(validated.epochs == [open.id: open.epoch])
                #expect(validated.identity == blessed.identity)
            }
            try await bought
        }
    }
}
