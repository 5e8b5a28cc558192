import Testing

@testable import FlashSaleKit

/// What Postgres says about codes.
struct PurchaseLookupTests {
    @Test func onlyCommittedRowsAreReceipts() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale()
            let lookup = PurchaseLookup(postgres: shop.postgres)
            let holds = try await sale.checkout(["anna", "bob", "carl"])
            try await sale.purchase([holds[0]], ticket: "GOLD 7")
            try await sale.release([holds[1]])
            let wanted = holds.map { SaleHold($0, of: sale.id) }
            // Redis has decided, Postgres has not heard of it.
            #expect(try await lookup.lookup(Set(wanted)).values.allSatisfy { $0 == .unknown(saleIsFinished: false) })
            try await sale.lapse(holds[2])
            #expect(try await sale.expire() == 1)
            try await sale.drainLedger()
            let found = try await lookup.lookup(Set(wanted))
            guard case .purchased(let receipt) = found[wanted[0]] else {
                Issue.record("anna has bought")
                return
            }
            #expect(receipt.ticket == "GOLD 7")
            #expect(receipt.unit == 1)
            #expect(receipt.itemID == 7)
            #expect(receipt.saleID == sale.id)
            #expect(found[wanted[1]] == .expired)
            #expect(found[wanted[2]] == .expired)
            #expect(try await lookup.lookup([]).isEmpty)
        }
    }

    @Test func theSameReceiptIsFoundByEverybodyWhoAsks() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale()
            let holds = try await sale.checkout(["anna"])
            let outcomes = try await withThrowingTaskGroup(of: [PurchaseCall.Outcome].self) { group in
                for _ in 0..<100 { group.addTask { try await sale.purchase(holds) } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(outcomes.filter { $0 == .purchased }.count == 1)
            #expect(outcomes.filter { $0 == .alreadyPurchased }.count == 99)
            let drained = try await sale.drainLedger()
            let wanted = SaleHold(holds[0], of: sale.id)
            let found = try await PurchaseLookup(postgres: shop.postgres).lookup([wanted])
            #expect(found[wanted] == drained.purchases.first.map(PurchaseLookup.Found.purchased))
            #expect(try await shop.count("select count(*) from purchases") == 1)
        }
    }

    /// A code that Postgres does not have is worthless only if its sale has nothing left to tell.
    @Test func ofAnUnknownHoldItIsSaidWhetherItsSaleIsOver() async throws {
        try await Shop.with { shop in
            let (ended, running) = (try await shop.openSale(opensAgo: 120_000), try await shop.openSale())
            _ = try await shop.postgres.query("update sales set finished_at = now() where id = \(ended.id)")
            var codes = CodeGenerator()
            let nowhere = try #require(SaleID(4711))
            let sales = [ended.id, running.id, nowhere]
            let holds = sales.map { SaleHold(codes.next(for: $0).holdID, of: $0) }
            let found = try await PurchaseLookup(postgres: shop.postgres).lookup(Set(holds))
            #expect(found[holds[0]] == .unknown(saleIsFinished: true))
            #expect(found[holds[1]] == .unknown(saleIsFinished: false))
            #expect(found[holds[2]] == .unknown(saleIsFinished: nil))
        }
    }

    /// The number before a code is a part of it: with another one it is another code.
    @Test func aHoldOfOneSaleIsNoneOfAnother() async throws {
        try await Shop.with { shop in
            let (sale, other) = (try await shop.openSale(), try await shop.openSale())
            let holds = try await sale.checkout(["anna"])
            try await sale.purchase(holds)
            try await sale.drainLedger()
            let (bought, forged) = (SaleHold(holds[0], of: sale.id), SaleHold(holds[0], of: other.id))
            let found = try await PurchaseLookup(postgres: shop.postgres).lookup([bought, forged])
            guard case .purchased = found[bought] else {
                Issue.record("anna has bought")
                return
            }
            #expect(found[forged] == .unknown(saleIsFinished: false))
        }
    }
}
