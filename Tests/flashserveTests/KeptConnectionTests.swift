import FlashSaleKit
import Testing

@testable import flashserve

/// Which connections are kept, which end, and that a client is told before.
@Suite(.serialized) struct KeptConnectionTests {
    /// What the JDK's HttpClient puts into each request over http://.
    static let jdk = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n"
    private static let get = "GET /livez HTTP/1.1\r\nHost: test\r\n"

    /// Requests that ask for another protocol, or seem to.
    struct Wish: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let request: String

        init(_ name: String, _ headers: String, body: String = "") {
            testDescription = name
            request = "POST /checkout?user_id=a&id=1 HTTP/1.1\r\nHost: test\r\n\(headers)\r\n\(body)"
        }

        static let all = [
            Wish("h2c of the JDK", KeptConnectionTests.jdk),
            Wish("h2c with an empty body", KeptConnectionTests.jdk + "Content-Length: 0\r\n"),
            Wish("h2c with a body", KeptConnectionTests.jdk + "Content-Length: 5\r\n", body: "hello"),
            Wish(
                "h2c with a body in pieces",
                KeptConnectionTests.jdk + "Transfer-Encoding: chunked\r\n",
                body: "5\r\nhello\r\n0\r\n\r\n"
            ),
            Wish("WebSocket", "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"),
            Wish("small letters", "upgrade: tls/1.0\r\nconnection: upgrade\r\n"),
            Wish("two fields", "Connection: keep-alive\r\nConnection: upgrade\r\nUpgrade: h2c\r\n"),
            Wish("empty options", "Connection: , upgrade ,\r\nUpgrade: h2c\r\n"),
            Wish("old name", "Proxy-Connection: upgrade\r\nUpgrade: h2c\r\n"),
            Wish("blank protocol", "Connection: upgrade\r\nUpgrade: \t \r\n"),
            Wish("one blank protocol", "Connection: upgrade\r\nUpgrade:\r\nUpgrade: h2c\r\n"),
            Wish("empty protocol", "Connection: upgrade\r\nUpgrade:\r\n"), Wish("no option", "Upgrade: h2c\r\n"),
            Wish("another option", "Connection: keep-alive\r\nUpgrade: h2c\r\n"),
            Wish("option alone", "Connection: Upgrade\r\n"),
        ]
    }

    @Test(
        "a wish for another protocol is ignored: the connection serves on, however the bytes come",
        arguments: Wish.all
    )
    func wishesAreIgnored(_ wish: Wish) async throws {
        try await TestServer.with(TestServer.terms(stock: 1000, limit: 1000)) { server in
            let client = try await server.connect()
            // One after the other, as pools send.
            for _ in 0..<3 {
                try await client.send(wish.request)
                let answer = try await #require(client.receive())
                #expect(answer.status == 201)
                #expect(answer.headers["connection"] == nil)
            }
            // Pipelined, in one piece and in two.
            let text = wish.request + wish.request + KeptConnectionTests.get + "\r\n"
            try await client.send(text)
            for status in [201, 201, 200] { #expect(try await #require(client.receive()).status == status) }
            for cut in stride(from: 1, to: text.count, by: 7) {
                let other = try await server.connect()
                try await other.send(String(text.prefix(cut)))
                // The first piece has been read when a later request has its answer.
                #expect(try await client.request("GET", "/livez").status == 200)
                try await other.send(String(text.dropFirst(cut)))
                for status in [201, 201, 200] {
                    let answer = try await #require(other.receive())
                    #expect(answer.status == status, "cut at \(cut)")
                    #expect(answer.headers["connection"] == nil)
                }
                try await other.close()
            }
        }
    }

    @Test("an option that only contains the word ends the connection, and says so")
    func doubtfulWishes() async throws {
        try await TestServer.with { server in
            for option in [
                "upgrade;q=1", "upgraded", "keep-alive upgrade", "\"upgrade\"", "x,\tupgrade", "upgrade, upgrade x",
            ] {
                let client = try await server.connect()
                let headers = "Connection: \(option)\r\nUpgrade: h2c\r\n"
                let answer = try await client.request("GET", "/livez", headers: headers)
                #expect(answer.status == 200)
                #expect(answer.headers["connection"] == "close")
                #expect(await client.receive() == nil)
            }
        }
    }

    /// Requests after which the server closes, and the status of their last answer.
    private static let last: [(String, Int)] = [
        (get + "Connection: close\r\n\r\n", 200), (get + "Connection: keep-alive, Close\r\n\r\n", 200),
        (get + jdk + "Connection: close\r\n\r\n", 200), ("GET /livez HTTP/1.0\r\n\r\n", 200),
        ("GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200),
        ("GET /nowhere HTTP/1.1\r\nConnection: close\r\n\r\n", 404),
        ("GET /health HTTP/1.1\r\nConnection: close\r\n\r\n", 200),
        ("PUT /checkout HTTP/1.1\r\nConnection: close\r\n\r\n", 405),
        ("POST /checkout?user_id=a&id=1 HTTP/1.1\r\nConnection: close\r\n\r\n", 201),
        ("POST /checkout?user_id=b&id=1 HTTP/1.0\r\n\r\n", 201),
        ("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n", 404),
        ("NONSENSE\r\n\r\n", 400), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: 5000\r\n\r\n", 413),
    ]

    @Test(
        "the last answer of a connection says that it is the last, exactly once, and none before does",
        arguments: last
    )
    func lastAnswersSaySo(_ request: String, _ status: Int) async throws {
        try await TestServer.with { server in
            // The page of `/health` is good once the server has looked at everything.
            try await until(200) { try await server.connect().request("GET", "/health").status }
            let client = try await server.connect()
            try await client.send(KeptConnectionTests.get + "\r\n" + request)
            #expect(try await #require(client.receive()).headers["connection"] == nil)
            let answer = try await #require(client.receive())
            #expect(answer.status == status)
            #expect(answer.headers["connection"] == "close")
            #expect(answer.lines.count { $0.lowercased().hasPrefix("connection:") } == 1)
            #expect(await client.receive() == nil)
        }
    }

    @Test("the limits of headers are settings, and 431 names them")
    func headerLimits() async throws {
        try await TestServer.with(
            configure: {
                $0.headerLimits.field = 16_384
                $0.headerLimits.total = 20_000
                $0.headerLimits.count = 30
            },
            { server in
                func ask(_ headers: String) async throws -> HTTPTestClient.Response {
                    try await server.connect().request("GET", "/livez", headers: headers)
                }
                #expect(try await ask("Cookie: \(String(repeating: "c", count: 16_000))\r\n").status == 200)
                #expect(try await ask(String(repeating: "A: b\r\n", count: 29)).status == 200)
                for headers in [
                    "Cookie: \(String(repeating: "c", count: 16_400))\r\n", String(repeating: "A: b\r\n", count: 30),
                    String(repeating: "A: \(String(repeating: "c", count: 10_000))\r\n", count: 2),
                ] {
                    let refused = try await ask(headers)
                    #expect(refused.status == 431)
                    #expect(refused.body.contains("16384 bytes each, 20000 bytes together, and 30 in number"))
                }
            }
        )
    }

    @Test("the usual cookies of a shop fit: a field of 8,000 bytes, 30,000 bytes in all, 99 fields")
    func usualHeaders() async throws {
        try await TestServer.with { server in
            for headers in [
                "Cookie: \(String(repeating: "c", count: 8000))\r\n", String(repeating: "A: b\r\n", count: 98),
                String(repeating: "A: \(String(repeating: "c", count: 7490))\r\n", count: 4),
            ] {
                let client = try await server.connect()
                #expect(try await client.request("GET", "/livez", headers: headers).status == 200)
            }
        }
    }

    @Test("an idle connection ends after the idle time and not before, whether it was used or opened ahead")
    func idleTime() async throws {
        try await TestServer.with(
            configure: { $0.idleMilliseconds = 2000 },
            { server in
                for isUsed in [true, false] {
                    let client = try await server.connect()
                    let began = ContinuousClock.now
                    if isUsed { #expect(try await client.request("GET", "/livez").status == 200) }
                    #expect(await client.receive() == nil, "it ends without an answer that nobody asked for")
                    #expect(ContinuousClock.now - began >= .seconds(2))
                }
                // One that is used again and again lives longer than that.
                let busy = try await server.connect()
                for _ in 0..<10 {
                    try await Task.sleep(for: .milliseconds(250))
                    #expect(try await busy.request("GET", "/livez").status == 200)
                }
            }
        )
    }

    @Test("between the first 503 of /readyz and the closed listener new connections are served")
    func shutdownDelay() async throws {
        try await LocalStack.withTemporary { stack in
            try await TestServer.seed(stack, TestServer.terms())
            let server = try await TestServer.start(on: stack) { $0.shutdownDelayMilliseconds = 3000 }
            let stopping = Task { try await server.stop() }
            let began = ContinuousClock.now
            try await until(503) { try await server.connect().request("GET", "/readyz").status }
            let answer = try await server.connect().checkout("late")
            #expect(answer.status == 201)
            #expect(answer.headers["connection"] == "close")
            try await stopping.value
            #expect(ContinuousClock.now - began >= .seconds(3))
            await #expect(throws: (any Error).self) { try await server.connect() }
        }
    }

    @Test("a server that stops answers every connection that it has let in, and refuses all others")
    func noConnectionIsReset() async throws {
        try await LocalStack.withTemporary { stack in
            try await TestServer.seed(stack, TestServer.terms())
            // Which connections wait to be accepted at the end is chance.
            for _ in 0..<5 {
                let server = try await TestServer.start(on: stack) { $0.quietMilliseconds = 1000 }
                let answered = Shared(0)
                let lost = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<8 { group.addTask { await KeptConnectionTests.connect(to: server, answered) } }
                    group.addTask {
                        try await until(true) { answered.value > 100 }
                        try await server.stop()
                        return 0
                    }
                    return try await group.reduce(0, +)
                }
                #expect(lost == 0)
            }
        }
    }

    /// Opens one connection after the other until one is refused; how many of them got no answer.
    private static func connect(to server: TestServer, _ answered: Shared<Int>) async -> Int {
        var lost = 0
        while let client = try? await server.connect() {
            let isSent = (try? await client.send(get + "\r\n")) != nil
            if isSent, await client.receive() != nil { answered.add(1) } else { lost += 1 }
            // It may be closed already.
            try? await client.close()
        }
        return lost
    }
}
