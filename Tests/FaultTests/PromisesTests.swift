import Testing

@testable import faultsuite

/// The checks themselves: one that finds nothing would prove nothing.
@Suite struct PromisesTests {
    /// Alice has a receipt, Bob a hold, Carol is told that nothing is left, and Dora never heard.
    var operations: [faultsuite.Operation] {
        [
            operation(1, .checkout, "alice", .reply(201, error: nil)) { $0.gotCode = "1-A" },
            operation(2, .checkout, "bob", .reply(201, error: nil)) { $0.gotCode = "1-B" },
            operation(3, .checkout, "carol", .reply(409, error: "sold_out")),
            operation(4, .checkout, "dora", .unknown),
            operation(5, .purchase, "alice", .reply(200, error: nil), code: "1-A") { operation in
                (operation.gotItem, operation.gotSale, operation.gotUnit) = (1, 1, 1)
            },
            operation(6, .checkout, "eve", .refused),
            operation(7, .guess, "eve", .reply(404, error: "unknown_code"), code: "1-X"),
        ]
    }

    var books: Books {
        var books = Books()
        books.sales = [Books.SaleRow(id: 1, stock: 2, limit: 1)]
        books.attempts = [attempt(1, "H", "alice"), attempt(2, "H", "bob"), attempt(3, "S", "carol")]
        books.ledger = [
            ledger("held", "a", "alice", 1), ledger("held", "b", "bob", 2), ledger("purchased", "a", "alice", 1),
        ]
        books.purchases = [Books.PurchaseRow(sale: 1, unit: 1, user: "alice", slot: 1, item: 1, hold: "a")]
        return books
    }

    func operation(
        _ number: Int,
        _ kind: faultsuite.Operation.Kind,
        _ user: String,
        _ answer: Answer,
        code: String = "",
        _ change: (inout faultsuite.Operation) -> Void = { _ in }
    ) -> faultsuite.Operation {
        var operation = Operation(
            number: number,
            kind: kind,
            user: user,
            code: code,
            key: kind == .checkout ? user : nil,
            server: 0,
            sentAt: Int64(number * 1000)
        )
        operation.endedAt = operation.sentAt + 500
        operation.answer = answer
        if kind == .checkout, operation.status == 201 {
            (operation.gotItem, operation.gotSale, operation.gotDeadline) = (number, 1, 60_000)
        }
        change(&operation)
        return operation
    }

    func attempt(_ item: Int, _ outcome: String, _ user: String) -> Books.AttemptRow {
        Books.AttemptRow(sale: 1, item: item, outcome: outcome, user: user, key: "1/\(item)/0")
    }

    func ledger(_ kind: String, _ hold: String, _ user: String, _ item: Int) -> Books.LedgerRow {
        Books.LedgerRow(sale: 1, kind: kind, hold: hold, user: user, item: item)
    }

    func verdict(
        _ losses: [Promises.Loss] = [],
        _ change: (inout [faultsuite.Operation], inout Books) -> Void
    ) -> Promises.Verdict {
        var operations = operations
        var books = books
        change(&operations, &books)
        return Promises(operations: operations, books: books, losses: losses).verdict()
    }

    @Test func whatIsRightIsRight() {
        let verdict = verdict { _, _ in }
        #expect(verdict == Promises.Verdict(violations: [], answered: 3))
    }

    @Test func whatNobodyWasToldMayHaveHappened() {
        let verdict = verdict { _, books in
            books.attempts.append(attempt(4, "S", "dora"))
        }
        #expect(verdict.violations == [])
    }

    @Test func aRepeatedKeyGivesTheHoldThatIsThere() {
        let again = operation(8, .checkout, "bob", .reply(201, error: nil)) { operation in
            operation.gotCode = "1-B"
            operation.gotItem = 2
        }
        #expect(verdict { operations, _ in operations.append(again) }.violations == [])
        let recorded = verdict { operations, books in
            operations.append(again)
            books.attempts.append(attempt(8, "H", "bob"))
        }
        #expect(recorded.violations.count == 1)
        let stolen = verdict { operations, _ in
            operations.append(operation(8, .checkout, "eve", .reply(201, error: nil)) { $0.gotItem = 2 })
        }
        #expect(stolen.violations.count == 1 && stolen.violations[0].hasSuffix("the hold of somebody else"))
    }

    @Test func aMissingDecisionIsALossOnlyInItsWindow() {
        let remove: (inout [faultsuite.Operation], inout Books) -> Void = { _, books in
            books.attempts.removeLast()
        }
        let outside = verdict([loss(3600, 0, to: 9000), loss(0, 0, to: 2900)], remove)
        #expect(outside.violations.count == 1 && outside.violations[0].hasPrefix("no attempt is on record for"))
        #expect(outside.lostAttempts == 0 && outside.lostRows == 0)
        let inside = verdict([loss(3400, 9000, to: 9000)], remove)
        #expect(inside == Promises.Verdict(violations: [], answered: 3, lostAttempts: 1, window: 5500))
    }

    /// The two streams are drained apart: an attempt can be on record whose hold is not, and the other way round.
    @Test func aMissingHoldIsALossOnlyInTheWindowOfTheLedger() {
        let remove: (inout [faultsuite.Operation], inout Books) -> Void = { _, books in
            books.ledger.remove(at: 1)
        }
        let outside = verdict([loss(0, 2600, to: 9000)], remove)
        #expect(outside.violations.count == 1 && outside.violations[0].hasPrefix("no hold is on record for"))
        let inside = verdict([loss(9000, 2400, to: 9000)], remove)
        #expect(inside == Promises.Verdict(violations: [], answered: 3, lostRows: 1, window: 6500))
    }

    /// A window that is never judged could be as long as the whole run.
    @Test func aDecisionThatHadTimeToBeDrainedIsNoLoss() {
        let remove: (inout [faultsuite.Operation], inout Books) -> Void = { _, books in
            books.attempts.removeLast()
            books.ledger.remove(at: 1)
        }
        // The refusal was answered at 3,500, the hold at 2,500.
        let late = 2500 + Promises.Loss.usualAllowance + 1
        let verdict = verdict([loss(0, 0, at: late, to: late)], remove)
        #expect(verdict.violations.count == 1, "\(verdict.violations)")
        #expect(verdict.violations.allSatisfy { $0.hasSuffix("answered 5000 ms before the loss of data") })
        #expect(verdict.lostAttempts == 1)
        #expect(verdict.lostRows == 1)
        var hindered = loss(0, 0, at: late, to: late)
        hindered.allowance += 1000
        #expect(self.verdict([hindered], remove).violations == [])
    }

    @Test func aDrainThatStoodStillHasMoreTime() {
        let second: Int64 = 1_000_000
        #expect(FaultShop.hindrance(before: 100 * second, []) == 0)
        #expect(FaultShop.hindrance(before: 100 * second, [10 * second...95 * second]) == 0)
        #expect(FaultShop.hindrance(before: 100 * second, [90 * second...98 * second]) == 10 * second)
        let both = [80 * second...86 * second, 90 * second...98 * second]
        #expect(FaultShop.hindrance(before: 100 * second, both) == 20 * second)
    }

    func loss(_ from: Int64, _ holdsFrom: Int64, at: Int64 = 9000, to: Int64) -> Promises.Loss {
        Promises.Loss(from: from, holdsFrom: holdsFrom, at: at, to: to)
    }

    @Test(arguments: [
        "sold a unit twice", "a hold bought twice", "sold 3 of 2 units", "up to number 2", "bought 2 units",
        "held twice", "3 held and sold", "the user has 2", "but not held", "in the ledger, ", "same sale, epoch",
        "never asked for", "is on record for", "2 attempts are on record", "no hold is on record",
        "which was not decided", "a guessed code was good", "without item, sale and unit", "is in purchases for",
        "another item than the code", "a code bought 1/1, then 1/2", "was sold for two codes", "in dead_letter",
    ])
    func everyKindOfFaultIsFound(_ sentence: String) {
        let verdict = verdict { operations, books in
            let receipt = operations[4]
            let row = books.purchases[0]
            func bought(_ unit: Int, _ user: String, _ hold: String) -> Books.PurchaseRow {
                Books.PurchaseRow(sale: 1, unit: unit, user: user, slot: 1, item: 9, hold: hold)
            }
            switch sentence {
            case "sold a unit twice": books.purchases.append(bought(1, "bob", "b"))
            case "a hold bought twice": books.purchases.append(bought(2, "bob", "a"))
            case "sold 3 of 2 units": books.purchases += [bought(2, "bob", "b"), bought(3, "carol", "c")]
            case "up to number 2": books.purchases = [bought(2, "bob", "b")]
            case "bought 2 units": books.purchases.append(bought(2, "alice", "b"))
            case "held twice": books.ledger.append(ledger("held", "a", "alice", 1))
            case "3 held and sold": books.ledger.append(ledger("held", "c", "carol", 3))
            case "the user has 2": books.ledger.append(ledger("held", "c", "bob", 2))
            case "but not held": books.ledger.append(ledger("expired", "a", "alice", 1))
            case "in the ledger, ": books.purchases = []
            case "same sale, epoch": books.attempts[1] = attempt(1, "H", "bob")
            case "never asked for": books.attempts.append(attempt(5, "S", "alice"))
            case "is on record for": books.attempts[2] = attempt(3, "L", "carol")
            case "2 attempts are on record": books.attempts.append(attempt(3, "S", "carol"))
            case "no hold is on record": books.ledger.remove(at: 1)
            case "which was not decided": books.attempts.append(attempt(6, "S", "eve"))
            case "a guessed code was good": operations[6].answer = .reply(202, error: nil)
            case "without item, sale and unit": operations[4].gotUnit = nil
            case "is in purchases for": operations[4].gotUnit = 2
            case "another item than the code": operations[0].gotCode = "1-Z"
            case "a code bought 1/1, then 1/2":
                var other = receipt
                other.gotUnit = 2
                operations.append(other)
            case "was sold for two codes":
                operations.append(
                    operation(8, .purchase, "alice", .reply(200, error: nil), code: "1-C") { other in
                        (other.gotItem, other.gotSale, other.gotUnit) = (row.item, row.sale, row.unit)
                    }
                )
            default: books.deadLetters = 1
            }
        }
        #expect(verdict.violations.contains { $0.contains(sentence) }, "\(verdict.violations)")
    }
}
