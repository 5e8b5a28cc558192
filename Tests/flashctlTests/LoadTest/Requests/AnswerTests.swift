import NIOCore
import Testing

@testable import flashctl

/// What answers mean, and what is read from them.
@Suite struct AnswerTests {
    @Test(arguments: [
        (LoadKind.checkout, 201, LoadOutcome.held),
        (.checkout, 409, .soldOut),
        (.checkout, 429, .userLimit),
        (.checkout, 403, .banned),
        (.checkout, 400, .badRequest),
        (.checkout, 408, .badRequest),
        (.checkout, 413, .badRequest),
        (.checkout, 414, .badRequest),
        (.checkout, 431, .badRequest),
        (.checkout, 503, .unavailable),
        (.checkout, 500, .serverError),
        (.checkout, 502, .serverError),
        (.checkout, 200, .serverError),
        (.checkout, 202, .serverError),
        (.checkout, 404, .serverError),
        (.checkout, 302, .serverError),
        (.purchase, 200, .purchased),
        (.purchase, 202, .pending),
        (.purchase, 404, .unknownCode),
        (.purchase, 400, .badRequest),
        (.purchase, 503, .unavailable),
        (.purchase, 201, .serverError),
        (.purchase, 409, .serverError),
        (.purchase, 429, .serverError),
        (.giveBack, 200, .released),
        (.giveBack, 409, .alreadyPurchased),
        (.giveBack, 404, .unknownCode),
        (.giveBack, 202, .serverError),
        (.giveBack, 503, .unavailable),
    ])
    func everyStatusHasItsMeaning(kind: LoadKind, status: Int, outcome: LoadOutcome) {
        #expect(LoadOutcome(kind, status: status, body: []) == outcome)
        // Only a code that has lapsed is told apart by what the body says.
        let lapsed = Array("{\"error\":\"expired_code\"}".utf8)
        let wanted = outcome == .unknownCode ? LoadOutcome.expiredCode : outcome
        #expect(LoadOutcome(kind, status: status, body: lapsed) == wanted)
        let other = Array("{\"error\":\"expired_codes\"}".utf8)
        #expect(LoadOutcome(kind, status: status, body: other) == outcome)
    }

    @Test func nothingIsARefusalAndAnError() {
        for outcome in LoadOutcome.allCases { #expect(!(outcome.isRefusal && outcome.isError), "\(outcome)") }
        #expect(LoadOutcome.allCases.map(\.ordinal) == Array(0..<LoadOutcome.count))
        let gains = LoadOutcome.allCases.filter { !$0.isRefusal && !$0.isError }
        #expect(gains == [.held, .purchased, .pending, .released])
    }

    @Test(arguments: NetworkErrorKind.allCases)
    func whoWaitedTooLongIsToldApart(kind: NetworkErrorKind) {
        let isTimeout = [.timeout, .connectTimeout].contains(kind)
        #expect(LoadOutcome(kind) == (isTimeout ? .timedOut : .networkError))
    }

    @Test(arguments: [
        ("{\"code\":\"1-ABC\"}", "1-ABC"),
        ("{ \"code\" :\t\"12-0aZ9\" }", "12-0aZ9"),
        ("{\"sale_id\":1,\"code\":\"7-X\",\"rest\":\"code\"}", "7-X"),
        ("{\"note\":\"code\",\"code\":\"7-X\"}", "7-X"),
        ("{\"code\":\"\"}", nil),
        ("{\"code\":\"a b\"}", nil),
        ("{\"code\":\"a&b=c\"}", nil),
        ("{\"code\":\"a\\r\\nX: y\"}", nil),
        ("{\"code\":\"ü\"}", nil),
        ("{\"code\":17}", nil),
        ("{\"code\":null}", nil),
        ("{\"code\":\"1-ABC", nil),
        ("{\"codes\":\"1-ABC\"}", nil),
        ("{\"code\" \"1-ABC\"}", nil),
        ("", nil),
        ("\"code\"", nil),
        ("\"code\":", nil),
    ])
    func codesAreFoundOrThereIsNone(body: String, code: String?) {
        #expect(HoldCodeText.find(in: Array(body.utf8)).map { String(decoding: $0, as: UTF8.self) } == code)
    }

    @Test func aCodeThatIsTooLongIsNone() {
        let longest = String(repeating: "A", count: 64)
        #expect(HoldCodeText.find(in: Array("{\"code\":\"\(longest)\"}".utf8)) == Array(longest.utf8))
        #expect(HoldCodeText.find(in: Array("{\"code\":\"\(longest)A\"}".utf8)) == nil)
    }

    @Test(
        arguments: [
            ("{\"unit\":17}", 17),
            ("{\"unit\" : 0}", 0),
            ("{\"a\":1,\"unit\":\t9223372036854775807}", Int64.max),
            ("{\"unit\":12,\"unit\":13}", 12),
            ("{\"unit\":1.5}", 1),
            ("{\"unit\":9223372036854775808}", nil),
            ("{\"unit\":-1}", nil),
            ("{\"unit\":\"1\"}", nil),
            ("{\"unit\":}", nil),
            ("{\"unit\"}", nil),
            ("{\"units\":1}", nil),
            ("", nil),
        ] as [(String, Int64?)]
    )
    func numbersAreFoundOrThereIsNone(body: String, number: Int64?) {
        #expect(JSONMember.number(Array("\"unit\"".utf8), in: Array(body.utf8)) == number)
    }

    @Test func everyPrefixOfABodyIsHarmless() {
        let body = Array("{\"error\":\"sold_out\",\"code\":\"1-ABC\",\"unit\":17}".utf8)
        for count in 0...body.count {
            let part = Array(body.prefix(count))
            let range = ErrorCodeText.find(in: part)
            #expect(range.upperBound <= part.count)
            #expect(range.isEmpty || part[range].elementsEqual("sold_out".utf8))
            #expect(HoldCodeText.find(in: part).map { $0 == Array("1-ABC".utf8) } ?? true)
            if let number = JSONMember.number(Array("\"unit\"".utf8), in: part) {
                #expect([1, 17].contains(number))
            }
        }
    }

    @Test func requestsWithACodeAreWhole() {
        let plan = LoadPlan(.hour, target: LoadTarget(host: "shop.example", port: 81), runID: "run")
        let template = PurchaseTemplate(plan: plan)
        let tail = " HTTP/1.1\r\nHost: shop.example:81\r\nContent-Length: 0\r\n\r\n"
        var buffer = ByteBuffer()
        template.write(code: Array("1-LONGERTHANTHENEXT".utf8), into: &buffer)
        #expect(String(buffer: buffer) == "POST /purchase?code=1-LONGERTHANTHENEXT" + tail)
        template.write(code: Array("1-A".utf8), into: &buffer)
        #expect(String(buffer: buffer) == "POST /purchase?code=1-A" + tail)
        template.write(giveBack: Array("1-A".utf8), into: &buffer)
        #expect(String(buffer: buffer) == "DELETE /checkout?code=1-A" + tail)
        // While nobody knows a sale, every guess is the same.
        template.write(guess: 5, into: &buffer)
        #expect(String(buffer: buffer) == "POST /purchase?code=1-0123456789" + tail)
    }
}
