import FlashSaleKit
import Testing

@testable import flashctl

/// What is remembered of the answers.
@Suite struct LoadHistoryTests {
    private let code = "1-0123456789ABCDEFGHJKMNPQRS"

    private func held(_ code: String) -> [UInt8] { Array("{\"code\":\"\(code)\",\"sale_id\":1}".utf8) }

    @Test func everyAnswerLeavesItsMark() throws {
        var history = LoadHistory()
        history.answered(.checkout(number: 0), status: 201, body: held(code))
        history.answered(.checkout(number: 1), status: 409, body: [])
        history.answered(.checkout(number: 2), status: 429, body: [])
        history.answered(.checkout(number: 3), status: 403, body: [])
        history.answered(.checkout(number: 4), status: 503, body: [])
        history.failed(.checkout(number: 6))
        #expect(history[0].isHeld && history[0].refusals == 0)
        #expect(history[1].refusal == .soldOut && history[2].refusal == .userLimit && history[3].refusal == .banned)
        #expect((1...3).allSatisfy { history[$0].refusals == 1 && !history[$0].isHeld })
        #expect(history[4].unknown == 1 && history[6].unknown == 1)
        #expect(!history[5].isSent && !history[700].isSent)
        #expect(Array(history.numbers) == Array(0...6))
        let hold = try #require(HoldCode(parsing: Array(code.utf8))?.holdID)
        #expect(history.holds == [.init(holdID: hold, number: 0)])
        #expect(MemoryLayout<LoadHistory.Mark>.stride == 1, "a million users are a megabyte")
    }

    @Test func aRequestThatIsSentTwiceHasTwoAnswers() {
        var history = LoadHistory()
        history.answered(.checkout(number: 0), status: 409, body: [])
        history.answered(.repetition(number: 0), status: 201, body: held(code))
        #expect(history[0].isHeld && history[0].refusals == 1 && !history[0].isMixed)
        history.answered(.checkout(number: 1), status: 409, body: [])
        history.answered(.repetition(number: 1), status: 429, body: [])
        #expect(history[1].isMixed && history[1].refusals == 2)
        history.failed(.checkout(number: 2))
        history.failed(.repetition(number: 2))
        #expect(history[2].unknown == 2)
    }

    @Test func workersRememberTheirOwnNumbers() {
        var history = LoadHistory(offset: 1, stride: 3)
        history.answered(.checkout(number: 7), status: 409, body: [])
        #expect(Array(history.numbers) == [1, 4, 7])
        #expect(history[7].isSent && !history[4].isSent)
    }

    @Test func receiptsAndReturnsAreKeptByHold() throws {
        var history = LoadHistory()
        let job = PurchaseJob(code: Array(code.utf8))
        history.answered(.purchase(job), status: 202, body: [])
        history.answered(.purchase(job), status: 200, body: Array("{\"sale_id\" : 3,\"unit\":17}".utf8))
        history.answered(.giveBack(code: job.code), status: 200, body: [])
        history.answered(.guess(number: 5), status: 404, body: [])
        let hold = try #require(HoldCode(parsing: job.code)?.holdID)
        #expect(history.receipts == [.init(holdID: hold, sale: 3, unit: 17)])
        #expect(history.released == [hold])
        #expect(history.goodGuesses == 0 && history.unreadable == 0)
        history.answered(.guess(number: 5), status: 200, body: [])
        history.answered(.purchase(job), status: 200, body: [])
        history.answered(.checkout(number: 0), status: 201, body: Array("{}".utf8))
        #expect(history.guesses == 2 && history.goodGuesses == 1 && history.unreadable == 2)
    }

    @Test(
        arguments: [
            ("{\"unit\":17}", 17), ("{\"unit\" : 9}", 9), ("{\"a\":\"unit\",\"unit\":1}", 1), ("{\"unit\":\"7\"}", nil),
            ("{}", nil), ("", nil), ("{\"unit\":", nil), ("{\"units\":3}", nil),
            ("{\"unit\":9223372036854775807}", .max),
        ] as [(String, Int64?)]
    )
    func numbersAreFound(body: String, number: Int64?) {
        #expect(JSONMember.number(Array("\"unit\"".utf8), in: Array(body.utf8)) == number)
    }
}
