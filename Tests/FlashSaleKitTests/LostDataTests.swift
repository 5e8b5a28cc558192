import Foundation
import Testing

@testable import FlashSaleKit

/// Redis loses what it had: 503, a rebuild from the ledger, no unit sold twice, and codes that Postgres knows go on.
@Suite(.serialized) struct LostDataTests {
    enum Loss: String, CaseIterable {
        case everything, oneKey, olderCopy
    }

    /// Counts that may only grow, whatever Redis says.
    private func totals(_ shop: Shop) async throws -> [Int] {
        var totals: [Int] = []
        for table in ["ledger", "attempts", "purchases", "journal_cursor", "sales", "control_log"] {
            totals.append(try await shop.count("select count(*) from \(identifier: table)"))
        }
        return totals + [try await shop.count("select sum(drained_rows) from journal_cursor")]
    }

    /// The same stores after Redis has lost data; what it had not told Postgres may be gone.
    private func lose(_ loss: Loss, _ open: OpenSale, older: URL) async throws -> Shop {
        let shop = open.shop
        switch loss {
        case .everything: _ = try await shop.redis.send(RedisCommand("FLUSHALL"))
        case .oneKey: _ = try await shop.redis.send(RedisCommand("DEL", open.keys.receipts))
        case .olderCopy:
            try await shop.stack.killRedis()
            let data = URL(filePath: shop.stack.layout.redisData)
            try FileManager.default.removeItem(at: data)
            try FileManager.default.copyItem(at: older, to: data)
            try await shop.stack.startRedis()
        }
        return try await shop.anotherProcess()
    }

    /// Redis has lost its last writes, the adoption among them. What was decided before it was never drained.
    @Test func whatAnOlderCopyStillHoldsIsDrained() async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let before = try await shop.openSale()
            let holds = try await before.checkout(["anna"], expect: "H")
            let older = try await copyOfRedis(shop)
            let adopted = try await before.validated(shop.anotherProcess())
            #expect(adopted.epoch > before.epoch)
            let back = try await lose(.olderCopy, adopted, older: older)
            let open = try await before.validated(back)
            let kinds = try await back.text("select string_agg(kind, ' ' order by epoch) from recoveries")
            #expect(kinds == "adopted rebuilt")
            #expect(try await back.count("select count(*) from attempts") == 1)
            #expect(try await open.purchase(holds) == [.purchased])
        }
    }

    /// A copy of what Redis has now; it is restarted for that.
    private func copyOfRedis(_ shop: Shop) async throws -> URL {
        let data = URL(filePath: shop.stack.layout.redisData)
        let older = data.deletingLastPathComponent().appending(path: "older")
        try await shop.stack.stopRedis()
        try FileManager.default.copyItem(at: data, to: older)
        try await shop.stack.startRedis()
        return older
    }

    @Test(
        "lost data is rebuilt: no unit is sold twice, live codes buy, and no total is lowered",
        arguments: Loss.allCases
    )
    func rebuilt(loss: Loss) async throws {
        try await Shop.with { shop in
            var shop = shop
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let before = try await shop.openSale(stock: 6, limit: 3)
            let early = try await before.checkout(["anna", "bob"], expect: "HH")
            try await before.purchase([early[0]])
            try await before.drainLedger()
            try await before.drainAttempts()
            let older = try await copyOfRedis(shop)
            shop = try await shop.anotherProcess()
            var open = try await OpenSale(shop: shop, sale: before.sale, epoch: before.epoch).recovered()
            let late = try await open.checkout(["anna", "anna", "carl", "dora"], expect: "HHHH")
            try await open.purchase([late[0]])
            // A code of which the hold has lapsed, and nobody has noticed yet.
            try await open.lapse(late[2])
            try await open.drainLedger()
            try await open.drainAttempts()
            let known = try await totals(shop)

            let back = try await lose(loss, open, older: older)
            await #expect(throws: (any Error).self) { try await open.checkout(["eve"]) }
            open = try await OpenSale(shop: back, sale: open.sale, epoch: open.epoch).recovered()
            #expect(zip(try await totals(back), known).allSatisfy { $0 >= $1 })
            let snapshot = try await open.snapshot()
            #expect(snapshot.free == 0 && snapshot.held == 4 && snapshot.sold == 2)
            try await open.checkout(["eve"], expect: "S")
            #expect(try await open.purchase([early[0], late[0]]) == [.alreadyPurchased, .alreadyPurchased])
            // Every live code buys, the one whose buyer could not pay meanwhile too.
            let last = try await open.purchase([early[1], late[1], late[2], late[3]])
            #expect(last == [.purchased, .purchased, .purchased, .purchased])
            try await open.checkout(["eve"], expect: "S")
            try await open.drainLedger()
            try await open.drainAttempts()
            let units = try await back.text("select string_agg(unit::text, ' ' order by unit) from purchases")
            #expect(units == "1 2 3 4 5 6")
            let slots = try await back.text(
                "select string_agg(user_slot::text, ' ' order by unit) from purchases where user_id = 'anna'"
            )
            #expect(slots == "1 2 3")
            let once = try await back.count("select count(*) - count(distinct (epoch, seq, idx)) from attempts")
            #expect(once == 0, "the order of the sale goes on above all that is on record")
            #expect(try await back.count("select count(*) from dead_letter") == 0)
        }
    }
}

extension OpenSale {
    /// The sale at the epoch that a new validation of these stores gives it.
    fileprivate func recovered() async throws -> OpenSale {
        let validated = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
        return OpenSale(shop: shop, sale: sale, epoch: try #require(validated.epochs[id]))
    }
}
