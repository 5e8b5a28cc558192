import FlashSaleKit
import Foundation
import NIOCore
import Testing

@testable import flashserve

@Suite struct ResponsesTests {
    private func make() -> Responses {
        var responses = Responses()
        responses.refresh(now: Timestamp(seconds: 1_795_381_500))
        return responses
    }

    private func split(_ answer: ByteBuffer) throws -> (head: [String], body: String) {
        let text = String(buffer: answer)
        let end = try #require(text.range(of: "\r\n\r\n"))
        return (text[..<end.lowerBound].components(separatedBy: "\r\n"), String(text[end.upperBound...]))
    }

    @Test func everyFixedAnswerIsACompleteResponseWithJSON() throws {
        let responses = make()
        for answer in Responses.Fixed.allCases {
            let (head, body) = try split(responses.fixed(answer))
            #expect(head[0].hasPrefix("HTTP/1.1 "))
            #expect(head.contains("Content-Type: application/json"))
            #expect(head.contains("Date: Sun, 22 Nov 2026 21:05:00 GMT"))
            #expect(head.contains("Content-Length: \(body.utf8.count)"))
            #expect(try JSONSerialization.jsonObject(with: Data(body.utf8)) is [String: Any])
        }
    }

    @Test func refusalsOfTheBusinessAre4xxAndTroubleIs503WithRetryAfter() throws {
        let responses = make()
        let expected: [(Responses.Fixed, String, String, Bool)] = [
            (.soldOut, "409", "sold_out", false), (.userLimit, "429", "user_limit", false),
            (.banned, "403", "banned", false), (.paused, "503", "paused", true),
            (.overloaded, "503", "overloaded", true), (.unavailable, "503", "unavailable", true),
            (.outcomeUnknown, "503", "outcome_unknown", true),
            (.unknownCode, "404", "unknown_code", false), (.expiredCode, "404", "expired_code", false),
            (.alreadyPurchased, "409", "already_purchased", false),
        ]
        for (answer, status, code, retries) in expected {
            let (head, body) = try split(responses.fixed(answer))
            #expect(head[0].split(separator: " ")[1] == status)
            #expect(body.contains("\"error\":\"\(code)\""))
            #expect(head.contains { $0.hasPrefix("Retry-After: ") } == retries)
        }
    }

    @Test(
        "a request that is refused as a whole is told the limit, and what it sent where that is known",
        arguments: [
            (RequestFault.bodyTooLarge(4097, isWhole: true), "413", "exceed 4096 bytes; this one has 4097."),
            (.bodyTooLarge(4352, isWhole: false), "413", "exceed 4096 bytes; at least 4352 were sent."),
            (.lineTooLong(2130, isWhole: true), "414", "exceed 2048 bytes; this one has 2130."),
            (.lineTooLong(4096, isWhole: false), "414", "exceed 2048 bytes; at least 4096 were sent."),
            (.headersTooLarge(HeaderLimits()), "431", "8192 bytes each, 32768 bytes together, and 100 in number."),
            (.headTooSlow, "408", "within 5 s of its first byte."),
            (.bodyTooSlow(17), "408", "within 10 s of its head; 17 bytes came."), (.malformed, "400", "HTTP/1.1"),
        ] as [(RequestFault, String, String)]
    )
    func faultsNameTheirLimit(_ fault: RequestFault, _ status: String, _ text: String) throws {
        let (head, body) = try split(make().refused(fault))
        #expect(head[0].split(separator: " ")[1] == status)
        #expect(head.contains("Content-Length: \(body.utf8.count)"))
        #expect(body.contains(text), "\(body)")
        #expect(try JSONSerialization.jsonObject(with: Data(body.utf8)) is [String: Any])
    }

    @Test func aReceiptCarriesTheItemAndIsNotStored() throws {
        let saleID = try #require(SaleID(88))
        let terms = SaleTerms(
            itemName: "Lamp \"Älva\" \\ 5\t",
            imageURL: "https://example.com/a.png",
            stock: 10,
            userLimit: 2,
            holdMilliseconds: 60_000,
            opensAt: Timestamp(seconds: 0),
            closesAt: Timestamp(seconds: 1),
            hourly: true,
            test: false
        )
        let purchase = CommittedPurchase(
            holdID: HoldID(high: 1, low: 2),
            saleID: saleID,
            unit: 3,
            itemID: .max,
            ticket: "WIN-1F",
            purchasedAt: Timestamp(microseconds: 1_795_381_500_123_456)
        )
        let answer = make().purchased(purchase, sale: SaleDisplay(terms: terms), replayed: true)
        let (head, body) = try split(answer)
        #expect(head.contains("Idempotent-Replayed: true"))
        #expect(head.contains("Cache-Control: no-store"))
        let json = try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])
        #expect(json["status"] as? String == "success")
        #expect(json["item_name"] as? String == terms.itemName)
        #expect(json["item_id"] as? Int64 == .max)
        #expect(json["unit"] as? Int == 3)
        #expect((json["metadata"] as? [String: String]) == ["lottery_ticket": "WIN-1F"])
        #expect(json["purchased_at"] as? String == "2026-11-22T21:05:00.123Z")
    }

    @Test func datesAreThoseOfTheCalendar() {
        #expect(String(decoding: HTTPDate.format(seconds: 0), as: UTF8.self) == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(
            String(decoding: HTTPDate.format(seconds: 951_782_400), as: UTF8.self) == "Tue, 29 Feb 2000 00:00:00 GMT"
        )
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime]
        for seconds in stride(from: Int64(0), to: 4_102_444_800, by: 98_765_431) {
            let expected = formatter.string(from: Date(timeIntervalSince1970: Double(seconds))).dropLast() + ".000Z"
            #expect(Timestamp(seconds: seconds).rfc3339 == String(expected))
        }
    }
}
