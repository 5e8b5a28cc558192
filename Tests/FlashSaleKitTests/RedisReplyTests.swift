import NIOCore
import Testing

@testable import FlashSaleKit

@Suite struct RedisReplyTests {
    @Test(
        arguments: [
            ("0", 0), ("-1", -1), ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("", nil), ("-", nil), ("1.5", nil),
            (" 1", nil), ("12x", nil), ("99999999999999999999", nil),
        ] as [(String, Int64?)]
    )
    func `decimal bulks are numbers only when they are whole and fit`(text: String, expected: Int64?) {
        #expect(RedisReply.bulk(Array(text.utf8)).integerValue == expected)
    }

    @Test func `accessors answer nil for replies of another kind`() {
        #expect(RedisReply.status("OK").string == "OK")
        #expect(RedisReply.status("OK").bytes == Array("OK".utf8))
        #expect(RedisReply.bulk([0xff]).string == nil)
        #expect(RedisReply.bulk([0xff]).bytes == [0xff])
        #expect(RedisReply.integer(7).string == nil)
        #expect(RedisReply.integer(7).integerValue == 7)
        #expect(RedisReply.null.bytes == nil)
        #expect(RedisReply.null.integerValue == nil)
        #expect(RedisReply.array([.null]).elements == [.null])
        #expect(RedisReply.null.elements == nil)
        #expect(RedisReply.error("ERR no").errorText == "ERR no")
        #expect(RedisReply.error("ERR no").string == nil)
    }

    @Test func `error replies become errors with a code and a next step`() {
        #expect(RedisError(serverReply: "NOSCRIPT No matching script.").code == .noScript)
        let error = RedisError(serverReply: "OOM command not allowed")
        #expect(error.code == .server("OOM"))
        #expect(error.description.contains("maxmemory"))
        #expect(!error.isOutcomeUnknown)
        #expect(RedisError(.closed, "x").isOutcomeUnknown && RedisError(.timeout, "x").isOutcomeUnknown)
        #expect(!RedisError(.notSent, "x").isOutcomeUnknown && !RedisError(.overloaded, "x").isOutcomeUnknown)
    }
}

@Suite struct RedisReplyReaderTests {
    private func replies(_ reader: RedisReplyReader, _ text: String) throws -> [RedisReply] {
        try reader.feed(ByteBuffer(string: text))
        var result: [RedisReply] = []
        while let reply = try reader.next() { result.append(reply) }
        return result
    }

    @Test func `each kind of reply is read`() throws {
        let reader = RedisReplyReader(maximumReplyBytes: 1000)
        #expect(
            try replies(reader, "+OK\r\n-ERR no\r\n:-42\r\n$3\r\na\r\n\r\n$-1\r\n*-1\r\n*0\r\n$0\r\n\r\n") == [
                .status("OK"), .error("ERR no"), .integer(-42), .bulk(Array("a\r\n".utf8)), .null, .null, .array([]),
                .bulk([]),
            ]
        )
    }

    @Test func `nested arrays keep their shape`() throws {
        let reader = RedisReplyReader(maximumReplyBytes: 1000)
        #expect(
            try replies(reader, "*3\r\n*2\r\n:1\r\n*1\r\n*0\r\n$-1\r\n*1\r\n-WRONGTYPE\r\n:9\r\n") == [
                .array([
                    .array([.integer(1), .array([.array([])])]), .null, .array([.error("WRONGTYPE")]),
                ]),
                .integer(9),
            ]
        )
    }

    @Test func `replies cut anywhere are the same replies`() throws {
        let text = "*3\r\n$5\r\nhello\r\n*2\r\n:12\r\n+fine\r\n$-1\r\n:7\r\n"
        let expected: [RedisReply] = [
            .array([.bulk(Array("hello".utf8)), .array([.integer(12), .status("fine")]), .null]), .integer(7),
        ]
        for cut in 0...text.count {
            let reader = RedisReplyReader(maximumReplyBytes: 1000)
            let first = try replies(reader, String(text.prefix(cut)))
            #expect(try first + replies(reader, String(text.dropFirst(cut))) == expected, "cut at \(cut)")
        }
        let reader = RedisReplyReader(maximumReplyBytes: 1000)
        #expect(try text.flatMap { try replies(reader, String($0)) } == expected)
    }

    @Test(arguments: ["HTTP/1.1 400 Bad Request\r\n", "$abc\r\n", "*99999999999\r\n", ":1x\r\n", "\r\n\r\n"])
    func `what is no reply is refused`(text: String) {
        let reader = RedisReplyReader(maximumReplyBytes: 1000)
        #expect(throws: RedisReplyReader.Violation.self) { try replies(reader, text) }
    }

    @Test func `a reply beyond the limit is refused, many small ones are not`() throws {
        let reader = RedisReplyReader(maximumReplyBytes: 100)
        #expect(try replies(reader, String(repeating: ":1\r\n", count: 1000)).count == 1000)
        #expect(try replies(reader, "$90\r\n" + String(repeating: "x", count: 80)).isEmpty)
        #expect(try replies(reader, "0123456789\r\n").count == 1)
        #expect(throws: RedisReplyReader.Violation.self) {
            try replies(reader, "$200\r\n" + String(repeating: "x", count: 150))
        }
    }

    @Test func `arrays nest seven deep and no deeper`() throws {
        let seven = String(repeating: "*1\r\n", count: 7) + ":1\r\n"
        let reader = RedisReplyReader(maximumReplyBytes: 1000)
        var innermost = try #require(try replies(reader, seven).first)
        for _ in 0..<7 { innermost = try #require(innermost.elements?.first) }
        #expect(innermost == .integer(1))
        #expect(throws: RedisReplyReader.Violation.self) {
            try replies(reader, String(repeating: "*1\r\n", count: 9) + ":1\r\n")
        }
    }

    @Test func `an announced array of two billion elements reserves no memory`() throws {
        let reader = RedisReplyReader(maximumReplyBytes: 1000)
        #expect(try replies(reader, "*2147483647\r\n:1\r\n").isEmpty)
    }
}
