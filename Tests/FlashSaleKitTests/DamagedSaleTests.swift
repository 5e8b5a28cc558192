import Testing

@testable import FlashSaleKit

/// A sale that lacks data is shut alone: the others go on, undisturbed.
struct DamagedSaleTests {
    private func validate(_ shop: Shop) async throws -> ValidatedRedis {
        try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
    }

    private func lastEpoch(_ shop: Shop) async throws -> Int {
        try await shop.count("select last_value from epochs")
    }

    @Test func theWholeSalesOfARestartedRedisAreAdopted() async throws {
        try await Shop.with { shop in
            _ = try await validate(shop)
            let (broken, fine) = (try await shop.openSale(opensAgo: 120_000), try await shop.openSale())
            try await fine.checkout(["anna"], expect: "H")
            _ = try await shop.redis.send(RedisCommand("DEL", broken.keys.receipts))
            try await shop.stack.stopRedis()
            try await shop.stack.startRedis()
            let back = try await shop.anotherProcess()
            let validated = try await validate(back)
            #expect(validated.damaged == [broken.id: "\(broken.keys.receipts) is missing or of another epoch"])
            #expect(Array(validated.epochs.keys) == [fine.id])
            let epoch = try #require(validated.epochs[fine.id])
            #expect(epoch == validated.identity.epoch)
            let adopted = OpenSale(shop: back, sale: fine.sale, epoch: epoch)
            try await adopted.checkout(["bob"], expect: "H")
            #expect(try await adopted.drainAttempts().rows == 2)
            // Again and again: no new epoch, so nobody who sells is shut out.
            for _ in 0..<3 { #expect(try await validate(back) == validated) }
            #expect(try await lastEpoch(back) == Int(epoch))
            try await adopted.checkout(["carl"], expect: "H")
        }
    }

    /// On a Redis that runs on: every key of a sale in turn.
    @Test(arguments: 0..<9) func aLostKeyShutsItsSaleAlone(index: Int) async throws {
        try await Shop.with { shop in
            let blessed = try await validate(shop)
            let (broken, fine) = (try await shop.openSale(opensAgo: 120_000), try await shop.openSale())
            try await broken.checkout(["anna"], expect: "H")
            #expect(try await validate(shop).damaged.isEmpty)
            _ = try await shop.redis.send(RedisCommand("DEL", broken.keys.all[index]))
            await #expect(throws: ShopError.self) { try await broken.checkout(["bob"]) }

            let validated = try await validate(shop)
            #expect(Array(validated.damaged.keys) == [broken.id])
            #expect(validated.epochs == [fine.id: fine.epoch], "the other keeps its epoch")
            #expect(validated.identity == blessed.identity)
            let row = try #require(try await shop.store.find(broken.id))
            let shut = OpenSale(shop: shop, sale: row, epoch: try #require(row.epoch))
            #expect(shut.epoch > broken.epoch)
            #expect(try await shut.snapshot().state == .recovering)
            for sale in [broken, shut] {
                await #expect(throws: ShopError.self) { try await sale.checkout(["bob"]) }
            }
            #expect(try await validate(shop) == validated)
            #expect(try await lastEpoch(shop) == Int(shut.epoch))
            try await fine.checkout(["carl"], expect: "H")
            #expect(try await fine.drainAttempts().rows == 1)
        }
    }

    @Test(arguments: ["a lost sentinel", "a lost hold", "another type", "a lost field", "a lost sale"])
    func otherDamageIsFoundToo(kind: String) async throws {
        try await Shop.with { shop in
            _ = try await validate(shop)
            let open = try await shop.openSale()
            let holds = try await open.checkout(["anna"], expect: "H")
            let hold = String(decoding: holds[0].hex, as: UTF8.self)
            let commands =
                switch kind {
                case "a lost sentinel": [RedisCommand("HDEL", open.keys.users, "")]
                case "a lost hold": [RedisCommand("HDEL", open.keys.holds, hold)]
                case "another type":
                    [RedisCommand("DEL", open.keys.banned), RedisCommand("SET", open.keys.banned, "x")]
                case "a lost field": [RedisCommand("HDEL", open.keys.sale, "limit")]
                default: [RedisCommand("DEL", open.keys.sale)]
                }
            for command in commands { _ = try await shop.redis.send(command) }
            let validated = try await validate(shop)
            #expect(Array(validated.damaged.keys) == [open.id])
            #expect(validated.epochs.isEmpty)
            #expect(try await validate(shop) == validated)
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
            let validated = try await validate(shop)
            #expect(validated.damaged[open.id]?.hasPrefix("its attempts ends at") == true, "\(validated)")
            #expect(try await validate(shop) == validated)
        }
    }

    /// A damaged sale does not hide the loss of another one later.
    @Test func theNextDamageIsFoundBesideTheFirst() async throws {
        try await Shop.with { shop in
            _ = try await validate(shop)
            let (first, second) = (try await shop.openSale(opensAgo: 120_000), try await shop.openSale())
            _ = try await shop.redis.send(RedisCommand("DEL", first.keys.users))
            #expect(try await validate(shop).epochs == [second.id: second.epoch])
            _ = try await shop.redis.send(RedisCommand("DEL", second.keys.ledger))
            let validated = try await validate(shop)
            #expect(validated.epochs.isEmpty)
            #expect(validated.damaged.keys.sorted() == [first.id, second.id])
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
                #expect(validated.damaged.isEmpty)
                #expect(validated.epochs == [open.id: open.epoch])
                #expect(validated.identity == blessed.identity)
            }
            try await bought
        }
    }
}
