import Testing

@testable import FlashSaleKit

/// The small values of a sale: who, what, when.
@Suite struct SaleValueTests {
    @Test(
        "user ids that the door lets in",
        arguments: ["a", "alice@example.com", "a b", "Jürgen", "日本語", "🎉", "a:b", "\\", "'\"", "%", "\u{A0}"]
    )
    func goodUsers(_ user: String) {
        #expect(UserID.isValid(user.utf8))
    }

    @Test func badUsers() {
        let bad: [[UInt8]] = [
            [], [0], Array("a\tb".utf8), Array("a\nb".utf8), [0x7F], Array("\u{80}".utf8), Array("a\u{9F}".utf8),
            [0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82],
            [UInt8](repeating: 97, count: 256),
        ]
        for user in bad { #expect(!UserID.isValid(user), "\(user)") }
        #expect(UserID.isValid([UInt8](repeating: 97, count: 255)))
        // 254 bytes, and 256 that would be cut within a character at 255.
        #expect(UserID.isValid(String(repeating: "é", count: 127).utf8))
        #expect(!UserID.isValid(String(repeating: "é", count: 128).utf8))
    }

    @Test func saleIDsArePositiveNumbers() {
        #expect(SaleID(1)?.rawValue == 1)
        #expect(SaleID(0) == nil && SaleID(-1) == nil)
        #expect(SaleID("42")?.description == "42")
        for text in ["", "x", "0", "-1", "1.5", " 1", "9223372036854775808"] { #expect(SaleID(text) == nil, "\(text)") }
        let ordered = [3, 1, 2].compactMap { SaleID(Int64($0)) }.sorted().map(\.rawValue)
        #expect(ordered == [1, 2, 3])
    }

    @Test func hoursStartOnTheHour() {
        #expect(Timestamp(seconds: 7199).startOfHour == Timestamp(seconds: 3600))
        #expect(Timestamp(seconds: 7200).startOfHour == Timestamp(seconds: 7200))
        #expect(Timestamp(microseconds: 7_199_999_999).startOfHour == Timestamp(seconds: 3600))
        #expect(Timestamp(seconds: -1).startOfHour == Timestamp(seconds: -3600))
        #expect(Timestamp(seconds: 1).adding(milliseconds: 1500).microseconds == 2_500_000)
        #expect(Timestamp(seconds: 1) < Timestamp(seconds: 2))
    }

    @Test func timesBeforeAndAfterTheEpochAreWritten() {
        #expect(Timestamp(microseconds: 0).rfc3339 == "1970-01-01T00:00:00.000Z")
        #expect(Timestamp(microseconds: -1).rfc3339 == "1969-12-31T23:59:59.999Z")
        #expect(Timestamp(microseconds: 1_795_381_500_123_999).rfc3339 == "2026-11-22T21:05:00.123Z")
        #expect(Timestamp(seconds: 4_107_542_400).rfc3339 == "2100-03-01T00:00:00.000Z")
    }

    private func terms() -> SaleTerms {
        SaleTerms(
            itemName: "Lamp",
            imageURL: "https://example.com/lamp.png",
            stock: 10_000,
            userLimit: 10,
            holdMilliseconds: 300_000,
            opensAt: Timestamp(seconds: 3600),
            closesAt: Timestamp(seconds: 7200),
            hourly: true,
            test: false
        )
    }

    @Test func goodTermsHaveNoProblem() {
        #expect(terms().validate().isEmpty)
    }

    @Test("each value out of range is named, and all of them at once")
    func badTerms() {
        let changes: [(String, (inout SaleTerms) -> Void)] = [
            ("name", { $0.itemName = "" }),
            ("name", { $0.itemName = String(repeating: "x", count: 201) }),
            ("image", { $0.imageURL = "" }),
            ("image", { $0.imageURL = String(repeating: "x", count: 2001) }),
            ("stock", { $0.stock = 0 }),
            ("stock", { $0.stock = 10_000_001 }),
            ("limit", { $0.userLimit = 0 }),
            ("limit", { $0.userLimit = 1_000_001 }),
            ("hold", { $0.holdMilliseconds = 999 }),
            ("hold", { $0.holdMilliseconds = 86_400_001 }),
            ("closes", { $0.closesAt = $0.opensAt }),
        ]
        for (word, change) in changes {
            var changed = terms()
            change(&changed)
            let problems = changed.validate()
            #expect(problems.count == 1 && problems[0].contains(word), "\(word): \(problems)")
        }
        var everything = terms()
        for (_, change) in changes { change(&everything) }
        #expect(everything.validate().count == 6)
    }

    @Test func outcomesHaveTheLettersOfTheScripts() {
        #expect(Outcome.allCases.map { Character(UnicodeScalar($0.rawValue)) } == ["H", "S", "L", "B"])
        #expect(Outcome.allCases.map(\.name) == ["held", "sold_out", "user_limit", "banned"])
        #expect(Outcome(rawValue: Outcome.repeatedLetter) == nil, "a repeat leaves no record")
    }
}
