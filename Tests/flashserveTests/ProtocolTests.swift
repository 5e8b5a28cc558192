import Foundation
import Testing

@testable import flashserve

/// What a connection may do to the server, and what it gets for it.
@Suite(.serialized) struct ProtocolTests {
    @Test func pipelinedAnswersKeepTheirOrder() async throws {
        try await TestServer.with(TestServer.terms(stock: 3)) { server in
            let client = try await server.connect()
            // The guards of a server that has just started may not have looked yet.
            try await until(200) { try await client.request("GET", "/health").status }
            // Answers of the door, of a page, of Redis and of Postgres are ready at different times.
            try await client.send(
                """
                GET /health HTTP/1.1\r\n\r\nPOST /checkout?user_id=a&id=1 HTTP/1.1\r\n\r\n\
                POST /checkout?user_id=a&id=0 HTTP/1.1\r\n\r\nPOST /purchase?code=nonsense HTTP/1.1\r\n\r\n\
                POST /checkout?user_id=b&id=2 HTTP/1.1\r\n\r\nGET /nowhere HTTP/1.1\r\n\r\nGET /livez HTTP/1.1\r\n\r\n
                """
            )
            var statuses: [Int] = []
            for _ in 0..<7 { statuses.append(try await #require(client.receive()).status) }
            #expect(statuses == [200, 201, 400, 404, 201, 404, 200])
        }
    }

    @Test func unknownPathsAndWrongMethods() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            #expect(try await client.request("GET", "/nowhere").status == 404)
            let wrong = try await client.request("GET", "/checkout?user_id=a&id=1")
            #expect(wrong.status == 405)
            #expect(wrong.headers["allow"] == "POST, DELETE")
            #expect(wrong.headers["content-type"] == "application/json")
            #expect(try await client.request("POST", "/metrics").status == 404)
            #expect(try await client.request("POST", "/admin/pause").status == 404)
        }
    }

    /// A request that is refused as a whole. Described by its name: its bytes would fill the log.
    struct Oversized: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let status: Int
        let bytes: String

        init(_ name: String, _ status: Int, _ bytes: String) {
            testDescription = name
            self.status = status
            self.bytes = bytes
        }

        static let all = [
            Oversized("target", 414, "POST /checkout?user_id=\(filler(2100))&id=1 HTTP/1.1\r\n\r\n"),
            Oversized("line without end", 414, "POST /checkout?user_id=\(filler(90_000))"),
            Oversized("field", 431, "GET /livez HTTP/1.1\r\nX: \(filler(9000))\r\n\r\n"),
            Oversized("fields", 431, "GET /livez HTTP/1.1\r\n\(String(repeating: "A: b\r\n", count: 101))\r\n"),
            Oversized(
                "headers",
                431,
                "GET /livez HTTP/1.1\r\n\(String(repeating: "A: \(filler(900))\r\n", count: 40))\r\n"
            ),
            Oversized("announced body", 413, "POST /purchase HTTP/1.1\r\nContent-Length: 4097\r\n\r\n"),
            Oversized(
                "chunked body",
                413,
                "POST /checkout?user_id=a&id=1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "1100\r\n\(filler(0x1100))\r\n0\r\n\r\n"
            ),
            Oversized("nonsense", 400, "NONSENSE\r\n\r\n"),
            Oversized("version", 400, "GET / HTTP/9.9\r\n\r\n"),
            Oversized("binary", 400, "\u{0}\u{1}\u{2}\r\n\r\n"),
        ]

        private static func filler(_ count: Int) -> String { String(repeating: "x", count: count) }
    }

    @Test(
        "what is too large or no HTTP is refused with its own status, and the connection ends",
        arguments: Oversized.all
    )
    func refusedAsAWhole(_ request: Oversized) async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            try await client.send(request.bytes)
            let answer = try #require(await client.receive())
            #expect(answer.status == request.status)
            #expect(answer.headers["connection"] == "close")
            #expect(await client.receive() == nil)
            #expect(try await server.snapshot().held == 0)
        }
    }

    @Test func aBodyWithinTheLimitIsReadAndIgnored() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            let body = String(repeating: "x", count: 4096)
            try await client.send("POST /checkout?user_id=a&id=1 HTTP/1.1\r\nContent-Length: 4096\r\n\r\n\(body)")
            #expect(try await #require(client.receive()).status == 201)
            #expect(try await client.checkout("b").status == 201)
        }
    }

    @Test("slow clients get 408 and slow nobody else down")
    func slowClients() async throws {
        try await TestServer.with { server in
            let slowHead = try await server.connect()
            try await slowHead.send("POST /checkout?user_id=a&id=1 HTTP/1.1\r\nHost:")
            let deaf = try await server.connect()
            // Never reads its answers: pipelined requests beyond the limit are simply not read.
            try await deaf.send(String(repeating: "GET /livez HTTP/1.1\r\n\r\n", count: 500))
            let busy = try await server.connect()
            for index in 0..<50 { #expect(try await busy.checkout("user\(index)").status == 201) }
            #expect(try await #require(slowHead.receive()).status == 408)
            #expect(await slowHead.receive() == nil)
        }
    }

    @Test("a client that disconnects never cancels a batch: its attempt is decided and recorded")
    func disconnectedClientsAreRecorded() async throws {
        try await TestServer.with { server in
            for index in 0..<20 {
                let client = try await server.connect()
                try await client.send("POST /checkout?user_id=ghost\(index)&id=1 HTTP/1.1\r\n\r\n")
                try await Task.sleep(for: .milliseconds(5))
                try await client.close()
            }
            try await server.eventually("select count(*) from attempts where user_id like 'ghost%'", is: "20")
        }
    }
}
