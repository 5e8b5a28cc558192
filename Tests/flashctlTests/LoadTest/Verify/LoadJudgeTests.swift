import FlashSaleKit
import Testing

@testable import flashctl

/// Answers against rows, each broken promise by itself.
@Suite struct LoadJudgeTests {
    private let plan = LoadPlan(.megaload, target: LoadTarget(host: "h", port: 1), runID: "r")

    private func sale(_ number: Int64 = 1) throws -> SaleID { try #require(SaleID(number)) }

    private func code(_ number: UInt64) throws -> HoldCode { HoldCode(saleID: try sale(), high: 5, low: number) }

    private func body(_ code: HoldCode) -> [UInt8] { Array("{\"code\":\"\(code)\"}".utf8) }

    private func row(_ number: Int, _ outcome: Outcome, _ hold: HoldID? = nil) throws -> LoadJudge.AttemptRow {
        .init(sale: try sale(), user: "r-\(number)", itemID: Int64(number + 1), outcome: outcome, holdID: hold)
    }

    /// A checkout that got a hold, one that did not, one that nobody knows of.
    private func history() throws -> LoadHistory {
        var history = LoadHistory()
        history.answered(.checkout(number: 0), status: 201, body: body(try code(1)))
        history.answered(.checkout(number: 1), status: 409, body: [])
        history.failed(.checkout(number: 2))
        let receipt = Array("{\"sale_id\":1,\"unit\":1}".utf8)
        history.answered(.purchase(PurchaseJob(code: try code(1).utf8)), status: 200, body: receipt)
        return history
    }

    private func rows() throws -> [LoadJudge.AttemptRow] {
        [try row(0, .held, try code(1).holdID), try row(1, .soldOut)]
    }

    private func broken(
        _ history: LoadHistory,
        _ rows: [LoadJudge.AttemptRow],
        purchases: [LoadJudge.PurchaseRow]? = nil,
        stock: Int = 10,
        limit: Int = 1
    ) throws -> [String: Int] {
        var judge = LoadJudge([history], plan: plan)
        judge.take(try sale(), .init(stock: stock, userLimit: limit))
        for row in rows { judge.take(row) }
        let usual = [
            LoadJudge.PurchaseRow(sale: try sale(), unit: 1, user: "r-0", holdID: try code(1).holdID)
        ]
        for row in purchases ?? usual { judge.take(row) }
        let checks = judge.checks()
        let text = checks.flatMap(\.examples).joined()
        #expect(!text.contains(try code(1).description), "codes are never shown")
        return Dictionary(uniqueKeysWithValues: checks.filter { $0.violations > 0 }.map { ($0.name, $0.violations) })
    }

    @Test func whatAgreesIsNoViolation() throws {
        #expect(try broken(try history(), try rows()).isEmpty)
        // What nobody knows may be on record, once.
        #expect(try broken(try history(), try rows() + [row(2, .soldOut)]).isEmpty)
        #expect(try broken(try history(), try rows() + [row(2, .held, try code(9).holdID)]).isEmpty)
        // Other users are other runs.
        let other = LoadJudge.AttemptRow(sale: try sale(), user: "q-0", itemID: 1, outcome: .held, holdID: nil)
        #expect(try broken(try history(), try rows() + [other]).isEmpty)
    }

    @Test func aMissingAttemptIsFound() throws {
        #expect(try broken(try history(), [try row(0, .held, try code(1).holdID)]) == ["attempts": 1])
        #expect(try broken(try history(), [try row(1, .soldOut)]) == ["attempts": 1, "holds": 1])
    }

    @Test func anAttemptThatIsThereTwiceIsFound() throws {
        #expect(try broken(try history(), try rows() + [row(1, .soldOut)]) == ["attempts": 1])
        #expect(try broken(try history(), try rows() + [row(0, .held, try code(3).holdID)]) == ["attempts": 1])
        #expect(try broken(try history(), try rows() + [row(2, .soldOut), row(2, .soldOut)]) == ["attempts": 1])
    }

    @Test func anotherDecisionThanTheAnsweredOneIsFound() throws {
        #expect(try broken(try history(), [try rows()[0], row(1, .userLimit)]) == ["attempts": 1])
        #expect(try broken(try history(), [try rows()[0], row(1, .held, try code(7).holdID)]) == ["attempts": 1])
    }

    @Test func anAttemptThatNobodyMadeIsFound() throws {
        #expect(try broken(try history(), try rows() + [row(77, .soldOut)]) == ["attempts never asked for": 1])
        var other = try row(1, .soldOut)
        other.user = "r-5"
        #expect(try broken(try history(), try rows() + [other]) == ["attempts never asked for": 1])
    }

    @Test func aHoldThatTwoWereGivenIsFound() throws {
        var history = try history()
        history.answered(.checkout(number: 3), status: 201, body: body(try code(1)))
        #expect(try broken(history, try rows() + [row(3, .held, try code(4).holdID)]) == ["holds": 2])
    }

    @Test func aUnitThatIsSoldTwiceIsFound() throws {
        var history = try history()
        history.answered(.checkout(number: 3), status: 201, body: body(try code(2)))
        let receipt = Array("{\"sale_id\":1,\"unit\":1}".utf8)
        history.answered(.purchase(PurchaseJob(code: try code(2).utf8)), status: 200, body: receipt)
        // The same unit for two holds, and one of them is not on record.
        #expect(try broken(history, try rows() + [row(3, .held, try code(2).holdID)]) == ["receipts": 2])
    }

    @Test func aReceiptForAnotherUnitIsFound() throws {
        let other = LoadJudge.PurchaseRow(sale: try sale(), unit: 2, user: "r-0", holdID: try code(1).holdID)
        #expect(try broken(try history(), try rows(), purchases: [other]) == ["receipts": 1])
    }

    @Test func moreThanTheStockAndTheLimitIsFound() throws {
        var history = try history()
        history.answered(.checkout(number: 3), status: 201, body: body(try code(2)))
        let receipt = Array("{\"sale_id\":1,\"unit\":2}".utf8)
        history.answered(.purchase(PurchaseJob(code: try code(2).utf8)), status: 200, body: receipt)
        let purchases = try [1, 2].map { number in
            LoadJudge.PurchaseRow(sale: try sale(), unit: number, user: "r-0", holdID: try code(UInt64(number)).holdID)
        }
        let rows = try rows() + [row(3, .held, try code(2).holdID)]
        #expect(try broken(history, rows, purchases: purchases, stock: 1, limit: 1) == ["stock": 1, "limits": 1])
        #expect(try broken(history, rows, purchases: purchases, stock: 2, limit: 2).isEmpty)
    }

    @Test func guessesAndReturnsAreJudged() throws {
        var history = try history()
        history.answered(.guess(number: 8), status: 200, body: [])
        history.answered(.giveBack(code: try code(6).utf8), status: 200, body: [])
        #expect(try broken(history, try rows()) == ["guessed codes": 1, "returns": 1])
    }

    @Test func aRequestSentTwiceMayBeDecidedTwice() throws {
        var history = LoadHistory()
        history.answered(.checkout(number: 0), status: 409, body: [])
        history.answered(.repetition(number: 0), status: 201, body: body(try code(1)))
        let hold = try code(1).holdID
        #expect(try broken(history, [try row(0, .soldOut), row(0, .held, hold)]).isEmpty)
        #expect(try broken(history, [try row(0, .held, hold)]) == ["attempts": 1])
    }

    @Test func severalWorkersAreJudgedTogether() throws {
        var even = LoadHistory(offset: 0, stride: 2)
        var odd = LoadHistory(offset: 1, stride: 2)
        even.answered(.checkout(number: 2), status: 409, body: [])
        odd.answered(.checkout(number: 3), status: 409, body: [])
        var judge = LoadJudge([even, odd], plan: plan)
        judge.take(try row(2, .soldOut))
        judge.take(try row(3, .soldOut))
        #expect(judge.checks().allSatisfy { $0.violations == 0 })
        var lacking = LoadJudge([even, odd], plan: plan)
        lacking.take(try row(2, .soldOut))
        let attempts = try #require(lacking.checks().first)
        #expect(attempts.violations == 1 && attempts.compared == 2)
        #expect(attempts.examples.first?.hasPrefix("user r-3, item 4: 0 times on record, 1 times decided") == true)
    }

    @Test func theTableNamesWhatIsBroken() throws {
        var check = StoreComparison.Check("receipts")
        for number in 0..<12 { check.violate("hold \(number)") }
        let verification = StoreComparison(checks: [StoreComparison.Check("attempts"), check]).verification
        var record = SampleLoad.record([])
        record.verification = verification
        let text = record.sections.map { $0.text(width: nil, color: false) }.joined()
        #expect(text.contains("ok           attempts"))
        #expect(text.contains("12 violated  receipts"))
        #expect(text.contains("  hold 9\n  and 2 more"))
        #expect(verification.violations == 12 && verification.oversold == 12)
        #expect(try json(JSONText.line(record.data), "verification", "violations") as? Int == 12)
    }
}
