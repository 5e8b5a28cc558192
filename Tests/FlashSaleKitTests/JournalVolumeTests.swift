import Testing

@testable import FlashSaleKit

/// Many attempts, and the report of what is on its way.
struct JournalVolumeTests {
    /// Batches of 250 refusals, as under fire.
    private func push(_ batches: Int, to sale: OpenSale) async throws {
        for batch in 0..<batches {
            var payload: [UInt8] = []
            for index in 0..<250 { payload += Array("user-\(batch * 250 + index)\t\(index + 1)\n".utf8) }
            try await sale.pushAttempts(payload, letters: "S", count: 250, seq: batch + 1)
        }
    }

    @Test func aHundredThousandAttemptsArriveOnceEachInFewTransactions() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale()
            try await push(400, to: sale)
            let drain = sale.attemptsDrain
            var turns = 0
            var rows = 0
            while rows < 100_000 {
                let result = try await drain.drainOnce(sale: sale.id, epoch: sale.epoch)
                rows += result.rows
                turns += 1
                #expect(result.more || rows == 100_000)
            }
            #expect(turns <= 8, "\(turns) transactions")
            #expect(try await drain.drainOnce(sale: sale.id, epoch: sale.epoch).entries == 0)
            let distinct = try await shop.count("select count(distinct (user_id, item_id, seq, idx)) from attempts")
            #expect(distinct == 100_000)
        }
    }

    @Test func theReportCountsWhatIsOnItsWay() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale(stock: 3)
            let holds = try await sale.checkout(["anna", "bob"])
            try await sale.purchase([holds[0]])
            try await sale.drainLedger()
            try await sale.checkout(["carl"])
            try await push(3, to: sale)
            let report = try await SaleStanding.read(sale.sale, redis: shop.redis, postgres: shop.postgres)
            #expect(report.redis?.held == 2)
            #expect(report.redis?.sold == 1)
            #expect(report.purchases == 1)
            #expect(report.deadLetters == 0)
            #expect(report.ledger.waitingEntries == 1)
            #expect(report.ledger.drainedEntries == 3)
            #expect(report.attempts.waitingEntries == 5)
            #expect(report.attempts.waitingBytes > 9000)
            #expect(report.attempts.seconds >= 0 && report.attempts.seconds < 60)
            try await sale.drainLedger()
            try await sale.drainAttempts()
            let after = try await SaleStanding.read(sale.sale, redis: shop.redis, postgres: shop.postgres)
            #expect(after.ledger.waitingEntries == 0 && after.attempts.waitingEntries == 0)
            #expect(after.attempts.waitingBytes == 0 && after.attempts.seconds == 0)
            #expect(after.attempts.drainedRows == 753)
            #expect(after.attempts.epoch == sale.epoch)
            #expect(after.attempts.cursor.description == after.redis?.attempts.lastID)
        }
    }

    @Test func theReportOfASaleWithoutKeysSaysSo() async throws {
        try await Shop.with { shop in
            let sale = try await shop.store.seed(Shop.terms(now: try await shop.store.now())).sale
            let report = try await SaleStanding.read(sale, redis: shop.redis, postgres: shop.postgres)
            #expect(report.redis == nil)
            #expect(report.attempts == SaleStanding.Backlog())
        }
    }
}
