import Testing

@testable import FlashSaleKit

/// Side effects in Redis happen in the same atomic step as the decision, never before a commit that may fail.
struct AtomicStepTests {
    /// Everything that Redis has of a sale, byte by byte; its clock apart, which each call moves.
    private func image(_ open: OpenSale) async throws -> [String] {
        var image: [String] = []
        for key in open.keys.all where key != open.keys.sale {
            image.append("\(try await open.shop.redis.send(RedisCommand("DUMP", key)).bytes ?? [])")
        }
        let fields = try await open.shop.redis.send(RedisCommand("HGETALL", open.keys.sale)).elements ?? []
        let pairs = stride(from: 0, to: fields.count, by: 2).map { (fields[$0].string ?? "", fields[$0 + 1]) }
        return image + pairs.filter { $0.0 != "now_us" }.map { "\($0.0)=\($0.1)" }.sorted()
    }

    @Test("side effects happen in the step of the decision, never before a commit that may fail")
    func commitThatFails() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale(stock: 5)
            let holds = try await open.checkout(["anna", "bob"], expect: "HH")
            try await open.purchase([holds[0]])
            // The one call has done all of it: unit, quota, receipt and record.
            let decided = try await open.snapshot()
            #expect((decided.free, decided.held, decided.sold) == (3, 1, 1))
            let last = try await shop.redis.send(RedisCommand("XREVRANGE", open.keys.ledger, "+", "-", "COUNT", "1"))
            let entry = try #require(try StreamEntry.parse(last, from: open.keys.ledger).first)
            #expect(String(decoding: entry.value(UInt8(ascii: "k")) ?? [], as: UTF8.self) == "purchased")
            let before = try await image(open)

            // Postgres takes every row and refuses to commit.
            _ = try await shop.postgres.query(
                """
                create function refuse() returns trigger language plpgsql as $$
                begin raise exception 'not today'; end $$
                """
            )
            for table in ["ledger", "attempts"] {
                _ = try await shop.postgres.query(
                    """
                    create constraint trigger refuse after insert on \(identifier: table)
                    deferrable initially deferred for each row execute function refuse()
                    """
                )
            }
            for _ in 0..<2 {
                let drains = [try await shop.anotherProcess(), try await shop.anotherProcess()]
                let ledger = LedgerDrain(redis: shop.redis, postgres: drains[0].postgres)
                let attempts = AttemptsDrain(redis: shop.redis, postgres: drains[1].postgres)
                await #expect(throws: (any Error).self) {
                    _ = try await ledger.drainOnce(sale: open.id, epoch: open.epoch)
                }
                await #expect(throws: (any Error).self) {
                    _ = try await attempts.drainOnce(sale: open.id, epoch: open.epoch)
                }
                #expect(try await image(open) == before, "nothing in Redis depends on a commit")
            }
            for table in ["ledger", "attempts"] {
                _ = try await shop.postgres.query("drop trigger refuse on \(identifier: table)")
            }
            try await open.drainLedger()
            try await open.drainAttempts()
            #expect(try await image(open) == before, "nor waits for one")
            #expect(try await shop.count("select count(*) from purchases") == 1)
            #expect(try await shop.count("select count(*) from attempts") == 2)
        }
    }

    @Test("a call that is refused leaves nothing behind")
    func refusedCall() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale(stock: 5)
            let holds = try await open.checkout(["anna", "bob"], expect: "HH")
            let before = try await image(open)
            let command = PurchaseCall.command(
                keys: open.keys,
                epoch: open.epoch + 1,
                claims: holds.map { PurchaseCall.Claim(holdID: $0) }
            )
            let reply = try PurchaseCall.parse(try await shop.redis.send(command), count: holds.count)
            #expect(reply.status == .wrongEpoch)
            #expect(try await image(open) == before)
        }
    }
}
