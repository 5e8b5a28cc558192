import Testing

@testable import FlashSaleKit

/// Rows that Postgres cannot or will not take harm no other row.
struct JournalPoisonTests {
    @Test func poisonedAttemptsBecomeDeadLettersAndTheRestIsCommitted() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale()
            try await sale.checkout(["before"])
            let payload =
                Array("good\t1\n".utf8) + [0xFF, 0xFE] + Array("\t2\nhuge\t9223372036854775808\n".utf8)
                + Array("nul\u{0}\t3\nlong\(String(repeating: "x", count: 50_000))\t4\n:\\\"'😀\t5\n".utf8)
            try await sale.pushAttempts(payload, letters: "SSSSSS", count: 6)
            try await sale.push(.attempts, [("x", Array("no entry of ours".utf8))])
            try await sale.checkout(["after"])
            let result = try await sale.drainAttempts()
            #expect(result.rows == 5)
            #expect(result.deadLetters == 4)
            #expect(try await shop.count("select count(*) from attempts where sale_id = \(sale.id)") == 5)
            let states = try await shop.text(
                "select string_agg(idx || ' ' || kind || ' ' || sqlstate, ',' order by id) from dead_letter"
            )
            #expect(states == "1 attempt 22021,2 attempt 22003,3 attempt 22021,-1 entry 22P04")
            let bytes = try await shop.postgres.query("select payload from dead_letter order by id limit 1").one()
            #expect(try bytes["payload"].bytes == [0xFF, 0xFE] + Array("\t2\tS".utf8))
            // What was poisoned is passed, once.
            #expect(try await sale.drainAttempts().entries == 0)
        }
    }

    @Test func aUnitSoldTwiceIsRefusedByPostgresAndNamed() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 5)
            let holds = try await sale.checkout(["anna", "bob", "carl"])
            try await sale.purchase([holds[0]])
            // Redis gone mad: unit 1 once more, unit 6 of 5, and the hold of anna once more.
            let (bob, carl, anna) = (hex(holds[1]), hex(holds[2]), hex(holds[0]))
            try await sale.pushLedger("purchased", "0\t\(bob)\t1\t1\tbob\t7\t\n1\t\(carl)\t6\t1\tcarl\t7\t\n", seq: 90)
            try await sale.pushLedger("purchased", "0\t\(anna)\t2\t2\tanna\t7\t\n", seq: 91)
            let fourth = try await sale.checkout(["dora"])
            try await sale.purchase(fourth)

            let result = try await sale.drainLedger()
            #expect(result.purchases.map(\.holdID) == [holds[0], fourth[0]])
            #expect(try await shop.text("select string_agg(unit::text, ' ' order by unit) from purchases") == "1 2")
            let reasons = try await shop.text(
                "select string_agg(sqlstate || ' ' || reason, ',' order by id) from dead_letter"
            )
            #expect(
                reasons == """
                    23505 refused by ledger_ended_once,23505 refused by purchases_unit,\
                    23514 refused by purchases_unit_in_stock
                    """
            )
            // A purchase that was refused keeps its row in the ledger, and so its unit.
            #expect(try await shop.count("select count(*) from ledger where kind = 'purchased'") == 4)
            // Nobody is told that bob has bought: he waits until an operator has looked.
            let wanted = holds.prefix(2).map { SaleHold($0, of: sale.id) }
            let found = try await PurchaseLookup(postgres: shop.postgres).lookup(Set(wanted))
            #expect(found[wanted[1]] == .pending)
            guard case .purchased(let receipt) = found[wanted[0]] else {
                Issue.record("anna has bought")
                return
            }
            #expect(receipt.unit == 1)
        }
    }

    @Test func aRepeatedHoldIsRecordedOnceAndItsTwinIsADeadLetter() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale()
            let holds = try await sale.checkout(["anna"])
            try await sale.pushLedger("held", "0\t\(hex(holds[0]))\tanna\t7\t0\n", seq: 90, deadline: 1)
            try await sale.pushLedger("held", "0\tnot a hold\tanna\t7\t0\n", seq: 91, deadline: 1)
            try await sale.pushLedger("gift", "0\tx\n", seq: 92)
            let result = try await sale.drainLedger()
            #expect(result.rows == 2)
            #expect(result.deadLetters == 3)
            #expect(try await shop.count("select count(*) from ledger where kind = 'held'") == 1)
            let kinds = try await shop.text("select string_agg(kind, ',' order by kind) from dead_letter")
            #expect(kinds == "entry,held,held")
        }
    }

    /// Rows that pass every check of ours and that Postgres refuses: COPY fails, and its connection with it.
    @Test func rowsThatOnlyCopyRefusesAreIsolatedByBisection() async throws {
        try await Shop.with { shop in
            try await shop.refuseNamesBeyondLatin()
            let sale = try await shop.openSale()
            try await sale.checkout(["anna", "日本", "käthe", "😀", "emil"])
            let drain = sale.attemptsDrain
            let error = await #expect(throws: JournalError.self) {
                _ = try await drain.drainOnce(sale: sale.id, epoch: sale.epoch)
            }
            #expect(error?.code == .rowsRefused)
            let fresh = try await Shop.connectPostgres(shop.stack)
            await drain.use(redis: shop.redis, postgres: fresh)
            let result = try await drain.drainOnce(sale: sale.id, epoch: sale.epoch)
            #expect(result.rows == 3)
            #expect(result.deadLetters == 2)
            let users = try await fresh.query("select string_agg(user_id, ' ' order by idx) from attempts").one()
            #expect(try users[0].text == "anna käthe emil")
            let dead = try await fresh.query("select payload from dead_letter order by idx")
            #expect(try dead.map { try $0["payload"].bytes } == [Array("日本\t7\tH".utf8), Array("😀\t7\tH".utf8)])
            // The next portion goes by COPY again.
            let renewed = Shop(stack: shop.stack, redis: shop.redis, postgres: fresh)
            try await OpenSale(shop: renewed, sale: sale.sale, epoch: sale.epoch).checkout(["fritz"])
            #expect(try await drain.drainOnce(sale: sale.id, epoch: sale.epoch).rows == 1)
            #expect(fresh.isUsable)
        }
    }

    private func hex(_ hold: HoldID) -> String { String(decoding: hold.hex, as: UTF8.self) }
}
