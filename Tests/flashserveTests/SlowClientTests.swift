import FlashSaleKit
import Foundation
import Testing

@testable import flashserve

/// One slow or malicious client slows nobody else: a good one is timed beside them, in the same run.
@Suite(.serialized) struct SlowClientTests {
    /// A connection of which every byte is sent by hand; it is never read.
    private final class RawConnection: Sendable {
        private let descriptor: Int32

        init(port: Int) throws {
            descriptor = try narrowSocket(port: port)
        }

        deinit { close(descriptor) }

        /// Sends what fits without waiting; false when nothing does, or the server has closed.
        @discardableResult
        func send(_ text: String) -> Bool {
            let bytes = Array(text.utf8)
            return Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)) > 0
        }
    }

    /// Milliseconds from sending a checkout to its answer, sorted.
    private func latencies(_ client: HTTPTestClient, _ prefix: String, _ count: Int) async throws -> [Double] {
        var times: [Double] = []
        for number in 0..<count {
            let start = ContinuousClock.now
            let status = try await client.checkout("\(prefix)\(number)").status
            times.append((ContinuousClock.now - start) / .milliseconds(1))
            #expect(status == 201)
        }
        return times.sorted()
    }

    /// Medians, since other processes may take the processor for a moment at any time.
    private func expectSlowsNobody(
        _ what: String,
        _ server: TestServer,
        attack: () -> Void,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let client = try await server.connect()
        _ = try await latencies(client, "\(what)-warm", 50)
        var alone: [Double] = []
        var beside: [Double] = []
        var next = ContinuousClock.now
        // By turns, so that what else happens on this machine happens to both.
        for round in 0..<6 {
            alone += try await latencies(client, "\(what)-a\(round)-", 25)
            for _ in 0..<25 {
                if ContinuousClock.now >= next {
                    attack()
                    next = .now + .milliseconds(100)
                }
                beside += try await latencies(client, "\(what)-b\(round)-\(beside.count)-", 1)
            }
        }
        let (normal, slowed) = (alone.sorted()[alone.count / 2], beside.sorted()[beside.count / 2])
        #expect(
            slowed < normal * 5 + 1,
            "\(what): \(slowed) ms instead of \(normal) ms",
            sourceLocation: sourceLocation
        )
    }

    @Test("a thousand idle connections slow nobody")
    func idle() async throws {
        try await TestServer.with(TestServer.terms(stock: 10_000)) { server in
            var idle: [RawConnection] = []
            let client = try await server.connect()
            _ = try await latencies(client, "warm", 50)
            let alone = try await latencies(client, "alone", 150)
            for _ in 0..<1000 { idle.append(try RawConnection(port: server.port)) }
            // The last of them was accepted when a client behind it is answered.
            let behind = try await server.connect()
            let beside = try await latencies(behind, "beside", 150)
            #expect(beside[75] < alone[75] * 5 + 1, "\(beside[75]) ms instead of \(alone[75]) ms")
            #expect(idle.count == 1000)
        }
    }

    @Test("two hundred clients that send their head byte by byte slow nobody")
    func slowHeads() async throws {
        try await TestServer.with(TestServer.terms(stock: 10_000)) { server in
            let slow = try (0..<200).map { _ in try RawConnection(port: server.port) }
            for connection in slow { connection.send("POST /checkout?user_id=slow&id=1 HTTP/1.1\r\nX-Pad: ") }
            try await expectSlowsNobody("heads", server) { for connection in slow { connection.send("x") } }
            let record = try await server.sql("select count(*)::text from attempts where user_id = 'slow'")
            #expect(record == [["0"]], "half a request decides nothing")
        }
    }

    @Test("two hundred clients that send their body byte by byte slow nobody")
    func slowBodies() async throws {
        try await TestServer.with(TestServer.terms(stock: 10_000)) { server in
            let slow = try (0..<200).map { _ in try RawConnection(port: server.port) }
            for connection in slow {
                connection.send("POST /checkout?user_id=slow&id=1 HTTP/1.1\r\nContent-Length: 4000\r\n\r\n")
            }
            try await expectSlowsNobody("bodies", server) { for connection in slow { connection.send("x") } }
        }
    }

    @Test("clients that ask without end and never read slow nobody, and what they make the server keep has a limit")
    func deaf() async throws {
        try await TestServer.with(TestServer.terms(stock: 10_000)) { server in
            let deaf = try (0..<50).map { _ in try RawConnection(port: server.port) }
            let requests = String(repeating: "GET /nowhere HTTP/1.1\r\n\r\n", count: 200)
            for connection in deaf {
                for _ in 0..<20 { connection.send(requests) }
            }
            try await Task.sleep(for: .milliseconds(500))
            let before = try residentBytes()
            try await expectSlowsNobody("deaf", server) { for connection in deaf { connection.send(requests) } }
            // Unanswered requests stay in the sockets: the connection is not read.
            #expect(try residentBytes() - before < 64 << 20)
        }
    }

    private func residentBytes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return try #require(Int(text.split(separator: " ")[1])) * 4096
    }
}
