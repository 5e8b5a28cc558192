import Testing

@testable import FlashSaleKit

/// Entries of the streams, without stores.
struct JournalDecodingTests {
    private func entry(_ fields: [(String, String)], id: String = "5-1") throws -> StreamEntry {
        let flat = fields.flatMap { [RedisReply.bulk(Array($0.utf8)), .bulk(Array($1.utf8))] }
        let reply = RedisReply.array([.array([.bulk(Array(id.utf8)), .array(flat)])])
        return try #require(try StreamEntry.parse(reply, from: "stream").first)
    }

    private func attempts(_ payload: String, letters: String, count: Int) throws -> StreamEntry {
        try entry([
            ("e", "3"), ("q", "9"), ("t", "1700000000000001"), ("n", "\(count)"), ("f", "5"), ("h", "0"), ("s", "0"),
            ("o", letters), ("p", payload),
        ])
    }

    private func decode(_ raw: StreamEntry) throws -> (rows: [String], dead: [DeadLetter]) {
        let entry = try #require(AttemptsEntry(raw))
        var rows: [String] = []
        var dead: [DeadLetter] = []
        entry.forEach(dead: &dead) { attempt in
            let user = String(decoding: attempt.user, as: UTF8.self)
            rows.append("\(attempt.index) \(Character(UnicodeScalar(attempt.letter))) \(user) \(attempt.item)")
        }
        return (rows, dead)
    }

    @Test func oneLetterStandsForTheWholeBatch() throws {
        let (rows, dead) = try decode(attempts("anna\t1\nbob\t9223372036854775807\n", letters: "S", count: 2))
        #expect(rows == ["0 S anna 1", "1 S bob 9223372036854775807"])
        #expect(dead.isEmpty)
    }

    @Test func repeatedHoldsLeaveNoRecordButKeepTheirIndex() throws {
        let (rows, dead) = try decode(attempts("a\t1\nb\t2\nc\t3\n", letters: "HhL", count: 3))
        #expect(rows == ["0 H a 1", "2 L c 3"])
        #expect(dead.isEmpty)
    }

    @Test func eachPoisonedLineIsADeadLetterOfItsOwn() throws {
        let payload = "ok\t1\nbig\t9223372036854775808\nzero\t0\nminus\t-4\nnotab\n\t5\nn\u{0}ul\t6\nlast\t7"
        let (rows, dead) = try decode(attempts(payload, letters: "HHHHHHHH", count: 8))
        #expect(rows == ["0 H ok 1", "7 H last 7"])
        #expect(dead.map(\.index) == [1, 2, 3, 4, 5, 6])
        #expect(dead.map(\.sqlState) == ["22003", "22003", "22003", "22P04", "22021", "22021"])
        #expect(dead[0].payload == Array("big\t9223372036854775808\tH".utf8))
        let (_, unknown) = try decode(attempts("a\t1\n", letters: "Q", count: 1))
        #expect(unknown.map(\.sqlState) == ["22P04"])
    }

    @Test func unusualTextIsKept() throws {
        for user in ["a:b", "back\\slash", "quo\"te's", "😀", "日本", "\\N", "{}", String(repeating: "x", count: 50_000)] {
            let (rows, dead) = try decode(attempts("\(user)\t1\n", letters: "S", count: 1))
            #expect(rows == ["0 S \(user) 1"])
            #expect(dead.isEmpty)
        }
    }

    @Test func entriesWhosePartsDoNotFitTogetherAreNotGuessed() throws {
        #expect(AttemptsEntry(try attempts("a\t1\nb\t2\n", letters: "S", count: 3)) == nil)
        #expect(AttemptsEntry(try attempts("a\t1\nb\t2\nc\t3\n", letters: "SS", count: 3)) == nil)
        #expect(AttemptsEntry(try attempts("", letters: "", count: 0)) != nil)
        #expect(AttemptsEntry(try entry([("e", "3"), ("q", "9")])) == nil)
        #expect(AttemptsEntry(try attempts("a\t1\n", letters: "S", count: 99_999_999_999)) == nil)
        let raw = try entry([("e", "x"), ("q", "9\r\n")])
        #expect(raw.serialized == Array("*4\r\n$1\r\ne\r\n$1\r\nx\r\n$1\r\nq\r\n$3\r\n9\r\n\r\n".utf8))
    }

    @Test func everyKindOfTheLedgerBecomesItsRow() throws {
        let hold = String(repeating: "0123456789abcdef", count: 2)
        func rows(_ kind: String, _ payload: String) throws -> ([LedgerRow], [DeadLetter]) {
            var rows: [LedgerRow] = []
            var dead: [DeadLetter] = []
            let fields = [("e", "3"), ("q", "9"), ("t", "70"), ("k", kind), ("p", payload), ("d", "80")]
            LedgerEntry.decode(try entry(fields), rows: &rows, dead: &dead)
            return (rows, dead)
        }
        let held = try rows("held", "4\t\(hold)\tanna\t7\t1\n").0
        #expect(held.first?.holdID == HoldID(hex: Array(hold.utf8)))
        #expect(held.first?.index == 4)
        #expect(held.first?.deadline == Timestamp(microseconds: 80))
        #expect(held.first?.detail == "1")
        let bought = try rows("purchased", "0\t\(hold)\t12\t3\tanna\t7\tGOLD 1\n").0
        #expect(bought.first?.unit == 12)
        #expect(bought.first?.userSlot == 3)
        #expect(bought.first?.detail == "GOLD 1")
        #expect(bought.first?.deadline == nil)
        #expect(try rows("expired", "0\t\(hold)\ta\t7\n1\t\(hold)\tb\t8\n").0.map(\.userID) == ["a", "b"])
        #expect(try rows("control", "0\tlimit\t5\tops\tslow down\n").0.first?.detail == "limit\t5\tops\tslow down")
        #expect(try rows("ban", "0\tmallory\tbot\tops\n").0.first?.userID == "mallory")
        #expect(try rows("opened", "0\t100\t100\t0\t0\n").0.first?.detail == "100\t100\t0\t0")
        let broken = try rows("purchased", "0\t\(hold)\t99999999999\t3\tanna\t7\t\n1\t\(hold)\t1\t1\tb\t7\t\n")
        #expect(broken.0.map(\.index) == [1])
        #expect(broken.1.map(\.index) == [0])
        #expect(try rows("held", "0\tnothex\tanna\t7\t0\n").1.count == 1)
        #expect(try rows("gift", "0\tx\n").1.map(\.kind) == ["entry"])
    }

    @Test func streamIDsAreOrderedAsNumbers() throws {
        let small = try #require(StreamID("9-10"))
        let large = try #require(StreamID("10-9"))
        #expect(small < large)
        #expect(try #require(StreamID("9-9")) < small)
        #expect("\(large)" == "10-9")
        for text in ["", "5", "5-", "-5", "a-1", "1-2-3", "18446744073709551616-0"] { #expect(StreamID(text) == nil) }
    }

    @Test func numbersAreReadWithoutWrapping() {
        #expect(Decimal63.parse(Array("9223372036854775807".utf8)) == .max)
        for text in ["9223372036854775808", "99999999999999999999", "", "-1", "+1", " 1", "1 ", "1.0", "０"] {
            #expect(Decimal63.parse(Array(text.utf8)) == nil, "\(text)")
        }
    }

    @Test func portionsFollowTheSizeOfEntries() {
        var limits = DrainLimits()
        limits.entries = 200
        limits.bytes = 1000
        var size = PortionSize(limits)
        #expect(size.entries == 50)
        #expect(size.take([400, 400, 400, 400]) == 2)
        #expect(size.entries == 2)
        #expect(size.take([5000, 10]) == 1)
        #expect(size.entries == 1)
        #expect(size.take([1]) == 1)
        #expect(size.entries == 2)
        for _ in 0..<10 { _ = size.take([1]) }
        #expect(size.entries == 200)
    }

    @Test func trimmingKeepsTheSmallerOfTimeAndBytes() throws {
        var limits = DrainLimits()
        limits.keepMilliseconds = 1000
        limits.keepBytes = 10 << 20
        var trim = JournalTrim()
        let cursor = StreamID(milliseconds: 9_900, sequence: 0)
        #expect(trim.target(now: 10_000, cursor: cursor, limits: limits) == StreamID(milliseconds: 9000, sequence: 0))
        // By time it would be 9,000, but the cursor has not come as far: nothing undrained is trimmed.
        let behind = StreamID(milliseconds: 5, sequence: 3)
        #expect(trim.target(now: 10_000, cursor: behind, limits: limits) == behind)
        trim.drained(to: StreamID(milliseconds: 9_500, sequence: 1), bytes: 8 << 20)
        trim.drained(to: StreamID(milliseconds: 9_600, sequence: 1), bytes: 6 << 20)
        trim.drained(to: StreamID(milliseconds: 9_700, sequence: 1), bytes: 6 << 20)
        let byBytes = StreamID(milliseconds: 9_500, sequence: 1)
        #expect(trim.target(now: 10_000, cursor: cursor, limits: limits) == byBytes)
    }
}
