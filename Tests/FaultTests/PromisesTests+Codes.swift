import Testing

@testable import faultsuite

/// What a code is worth to those who come back with it, and which sale it belongs to.
extension PromisesTests {
    /// Bob's code is used at `second` and answered half a millisecond later.
    private func use(
        _ kind: faultsuite.Operation.Kind,
        _ answer: Answer,
        _ user: String = "bob",
        at time: Int = 8
    ) -> faultsuite.Operation {
        operation(time, kind, user, answer, code: user == "bob" ? "1-B" : "1-A")
    }

    private func sentences(
        _ uses: [faultsuite.Operation],
        losses: [Promises.Loss] = [],
        _ change: (inout Books) -> Void = { _ in }
    ) -> [String] {
        verdict(losses) { operations, books in
            operations += uses
            change(&books)
        }.violations
    }

    private var lapsed: Answer { .reply(404, error: "expired_code") }

    @Test func aReceiptIsNeverForgotten() {
        let refusal = use(.purchase, lapsed, "alice")
        let found = sentences([refusal])
        #expect(found.count == 1 && found[0].hasPrefix("404 after the receipt"), "\(found)")
        // Not even when Redis lost its data.
        #expect(sentences([refusal], losses: [loss(0, 0, to: 9000)]).contains { $0.hasPrefix("404 after the receipt") })
        // A refusal that was asked for before the receipt was there is another matter.
        let early = use(.purchase, lapsed, "alice", at: 5)
        #expect(!sentences([early]).contains { $0.hasPrefix("404 after") })
    }

    @Test func aPendingPurchaseIsBoughtInTheEnd() {
        let pending = use(.purchase, .reply(202, error: nil))
        let found = sentences([pending])
        #expect(found.count == 1 && found[0].hasPrefix("nothing was bought by"), "\(found)")
        let bought = sentences([pending]) { books in
            books.ledger.append(self.ledger("purchased", "b", "bob", 2))
            let row = Books.PurchaseRow(sale: 1, unit: 2, user: "bob", slot: 1, item: 2, hold: "b")
            books.purchases.append(row)
        }
        #expect(bought == [])
        #expect(sentences([pending], losses: [loss(0, 8400, to: 9000)]) == [])
        #expect(sentences([pending], losses: [loss(0, 8600, to: 9000)]).count == 1)
        #expect(sentences([pending], losses: [loss(0, 0, to: 7000)]).count == 1)
        // The unit was taken by the request before, whose answer was cut off, and lost soon after it.
        let cut = use(.purchase, .unknown, at: 6)
        #expect(sentences([cut, pending], losses: [loss(0, 0, to: 7000)]) == [])
    }

    @Test func aPromiseIsForgottenOnlyWithRedisData() {
        let uses = [use(.purchase, .reply(202, error: nil)), use(.purchase, lapsed, at: 70)]
        #expect(sentences(uses).contains { $0.hasPrefix("404 after the promise") })
        #expect(sentences(uses, losses: [loss(0, 0, to: 9000)]) == [])
    }

    @Test func aCodeLivesUntilItsTimeIsOver() {
        // Until 60,000; the purchase that is sent at 59,000 is answered at 59,500.
        for kind in [faultsuite.Operation.Kind.purchase, .release] {
            let found = sentences([use(kind, lapsed, at: 59)])
            #expect(found.count == 1 && found[0].hasPrefix("404 before its time was over"), "\(found)")
            #expect(sentences([use(kind, lapsed, at: 60)]) == [])
        }
        // What was given back, or may have been, is gone.
        let given = use(.release, .reply(200, error: nil))
        let row = self.ledger("released", "b", "bob", 2)
        #expect(sentences([given, use(.purchase, lapsed, at: 59)]) { $0.ledger.append(row) } == [])
        #expect(sentences([use(.release, .unknown), use(.purchase, lapsed, at: 59)]) == [])
        #expect(sentences([use(.release, .refused), use(.purchase, lapsed, at: 59)]).count == 1)
        // And so is a hold that went with Redis data.
        let lost = sentences([use(.purchase, lapsed, at: 59)], losses: [loss(9000, 2400, to: 9000)]) {
            $0.ledger.remove(at: 1)
        }
        #expect(lost == [])
        // A loss in which this hold was not lost explains nothing.
        #expect(sentences([use(.purchase, lapsed, at: 59)], losses: [loss(0, 0, to: 9000)]).count == 1)
    }

    @Test func aReleaseIsOnRecord() {
        let given = use(.release, .reply(200, error: nil))
        let found = sentences([given])
        #expect(found.count == 1 && found[0].hasPrefix("no release is on record for"), "\(found)")
        #expect(sentences([given]) { $0.ledger.append(self.ledger("released", "b", "bob", 2)) } == [])
        #expect(sentences([given]) { $0.ledger.append(self.ledger("released", "a", "alice", 1)) }.count > 0)
        #expect(sentences([given], losses: [loss(0, 8400, to: 9000)]) == [])
    }

    @Test func whatASaleGaveIsOnRecordForThatSale() {
        let other = verdict { operations, _ in operations[1].gotSale = 2 }
        #expect(other.violations.contains { $0.hasPrefix("2 sales have a part of") }, "\(other.violations)")
        let apart = verdict { _, books in
            books.sales.append(Books.SaleRow(id: 2, stock: 2, limit: 1))
            books.attempts[1] = Books.AttemptRow(sale: 2, item: 2, outcome: "H", user: "bob", key: "1/2/0")
        }
        #expect(apart.violations.contains { $0.hasPrefix("2 sales have a part of") }, "\(apart.violations)")
        let again = operation(8, .checkout, "bob", .reply(201, error: nil)) { operation in
            (operation.gotCode, operation.gotItem, operation.gotSale) = ("1-B", 2, 2)
        }
        let repeated = verdict { operations, _ in operations.append(again) }
        #expect(repeated.violations.contains { $0.hasPrefix("sale 1 has the hold of") }, "\(repeated.violations)")
    }

    @Test func theTimeOfAnAnswerIsRead() {
        #expect(History.time("1970-01-01T00:00:01.250Z") == 1_250_000)
        #expect(History.time("2026-11-22T21:05:00.001Z") == 1_795_381_500_001_000)
        #expect(History.time("soon") == nil)
    }
}
