import Testing

@testable import FlashSaleKit

/// How long Redis keeps a finished sale, and who may remove it.
struct FinishedKeysTests {
    private func rotation(_ shop: Shop, _ retention: KeyRetention = KeyRetention()) -> Rotation {
        Rotation(redis: shop.redis, postgres: shop.postgres, retention: retention)
    }

    /// Removes as soon as it may.
    private static let atOnce: KeyRetention = {
        var retention = KeyRetention()
        retention.least = .zero
        return retention
    }()

    /// A sale that is finished in both stores; one unit is sold.
    private func finishedSale(_ shop: Shop) async throws -> OpenSale {
        _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
        let open = try await shop.openSale()
        let holds = try await open.checkout(["anna"], expect: "H")
        try await open.purchase(holds)
        try await open.end()
        #expect(try await rotation(shop).run().finished == [open.id])
        return open
    }

    @Test func `all keys stay ten minutes, then the hash alone stays`() async throws {
        try await Shop.with { shop in
            let open = try await finishedSale(shop)
            _ = try await rotation(shop).run()
            #expect(try await open.keysLeft() == 9)
            #expect(try await EndedSale.read(open.id, from: shop.redis)?.isRemoved == false, "its end is noted")
            try await open.finishedEarlier(seconds: 300)
            _ = try await rotation(shop).run()
            #expect(try await open.keysLeft() == 9)
            try await open.finishedEarlier(seconds: 300)
            #expect(try await rotation(shop).run().keysKept == [:])
            #expect(try await open.keysLeft() == 1)
            #expect(try await shop.count("select count(*) from sales where keys_removed_at is not null") == 1)
            #expect(try await EndedSale.read(open.id, from: shop.redis)?.sold == 1)
            let life = try await shop.redis.send(RedisCommand("TTL", open.keys.sale)).integerValue ?? 0
            #expect((29 * 86_400...30 * 86_400).contains(life))
            let standing = try await SaleStanding.read(open.sale, redis: shop.redis, postgres: shop.postgres)
            #expect(standing.redis == nil && standing.purchases == 1)
        }
    }

    @Test(arguments: ["epoch", "lineage", "state", "cursor", "type"])
    func `keys that do not agree are kept, and that is told`(what: String) async throws {
        try await Shop.with { shop in
            let open = try await finishedSale(shop)
            switch what {
            case "epoch":
                _ = try await shop.postgres.query("update journal_cursor set epoch = 99 where sale_id = \(open.id)")
            case "lineage": _ = try await shop.redis.send(RedisCommand("HSET", open.keys.sale, "lineage", "1/1/a"))
            case "state": _ = try await shop.redis.send(RedisCommand("HSET", open.keys.sale, "state", "open"))
            case "type":
                _ = try await shop.redis.send(RedisCommand("UNLINK", open.keys.ledger))
                _ = try await shop.redis.send(RedisCommand("SET", open.keys.ledger, "x"))
            default:
                _ = try await shop.postgres.query(
                    "update journal_cursor set last_id = '5-0' where sale_id = \(open.id) and stream = 'attempts'"
                )
            }
            let report = try await rotation(shop, Self.atOnce).run()
            #expect(report.keysKept.keys.sorted() == [open.id])
            #expect(try await open.keysLeft() == 9)
            #expect(try await shop.count("select count(*) from sales where keys_removed_at is not null") == 0)
            let found = try await FinishedSales.read(Self.atOnce, redis: shop.redis, postgres: shop.postgres)
            #expect(found.check.level == .warning)
            #expect(found.check.sentence.contains(report.keysKept[open.id] ?? "?"), "\(found.check)")
        }
    }

    /// A Postgres from a time before the sale was opened has it as unsold.
    @Test func `a sale that Redis has used is not discarded as never opened`() async throws {
        try await Shop.with { shop in
            let open = try await finishedSale(shop)
            _ = try await shop.postgres.query(
                "update sales set opened_in_redis_at = null, finished_at = null where id = \(open.id)"
            )
            #expect(try await rotation(shop, Self.atOnce).run().failed[open.id]?.contains("with 1 sold") == true)
            _ = try await shop.redis.send(RedisCommand("HDEL", open.keys.sale, "booked"))
            let report = try await rotation(shop, Self.atOnce).run()
            #expect(report.finished == [open.id])
            #expect(report.keysKept[open.id]?.contains("never opened") == true)
            #expect(try await open.keysLeft() == 9)
        }
    }

    @Test func `keys that come back with an older copy of Redis are removed again`() async throws {
        try await Shop.with { shop in
            let open = try await finishedSale(shop)
            var copies: [(key: String, dump: [UInt8])] = []
            for key in open.keys.all {
                guard let dump = try await shop.redis.send(RedisCommand("DUMP", key)).bytes else { continue }
                copies.append((key, dump))
            }
            _ = try await rotation(shop, Self.atOnce).run()
            #expect(try await open.keysLeft() == 1)
            for (key, dump) in copies {
                let parts: [RedisArgument] = ["RESTORE", .string(key), "0", .bytes(dump), "REPLACE"]
                _ = try await shop.redis.send(RedisCommand(parts: parts))
            }
            #expect(try await open.keysLeft() == 9)
            _ = try await rotation(shop, Self.atOnce).run()
            #expect(try await open.keysLeft() == 1)
        }
    }

    /// Nothing else looks at the keys of a sale that is over.
    @Test func `kept keys disturb nobody`() async throws {
        try await Shop.with { shop in
            let open = try await finishedSale(shop)
            let next = try await shop.openSale(opensAgo: 30_000)
            try await next.checkout(["bob"], expect: "H")
            let validated = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            #expect(validated.epochs[open.id] == nil && validated.epochs[next.id] != nil)
            #expect(try await JournalPositions.read(shop.postgres).sales.contains(open.id) == false)
            let verification = Verification(redis: shop.redis, postgres: shop.postgres)
            #expect(try await verification.run(open.id).findings.map(\.sentence) == [])
            #expect(try await verification.run(next.id).findings.map(\.sentence) == [])
            let found = try await FinishedSales.read(KeyRetention(), redis: shop.redis, postgres: shop.postgres)
            #expect(found.check.level == .ok)
            #expect(found.check.sentence.contains("The keys of 1 finished sale take"), "\(found.check)")
            #expect(found.check.sentence.contains("every finished sale stays 10m"))
            let inspection = Inspection(redis: shop.redis, postgres: shop.postgres)
            let anna = try #require(try await inspection.inspect(user: "anna", in: open.id))
            #expect(anna.agreement.differences == [], "\(anna)")
        }
    }
}

extension OpenSale {
    /// Keys of the sale that Redis has.
    func keysLeft() async throws -> Int64? {
        let exists = RedisCommand(parts: [.string("EXISTS")] + keys.all.map(RedisArgument.string))
        return try await shop.redis.send(exists).integerValue
    }

    /// Moves the end of the sale into the past.
    func finishedEarlier(seconds: Int64) async throws {
        _ = try await shop.postgres.query(
            "update sales set finished_at = finished_at - make_interval(secs => \(seconds)) where id = \(id)"
        )
    }
}
