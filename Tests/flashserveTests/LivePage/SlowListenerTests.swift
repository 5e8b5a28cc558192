import FlashSaleKit
import Foundation
import NIOPosix
import Testing

@testable import flashserve

/// A reader that does not read costs the server two events, and nobody else a second.
@Suite(.serialized) struct SlowListenerTests {
    /// The second listener alone, with nothing behind it but a feed.
    private func withFeed(_ body: @Sendable (LiveFeed, Int) async throws -> Void) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let feed = LiveFeed()
        let metrics = ServerMetrics(state: ServerState(), loops: [])
        let listener = try await AdminListener.bind(
            port: 0,
            limits: HeaderLimits(),
            group: group,
            metrics: metrics,
            feed: feed
        )
        do {
            try await body(feed, listener.port)
        } catch {
            await listener.close()
            try await group.shutdownGracefully()
            throw error
        }
        await listener.close()
        try await group.shutdownGracefully()
    }

    /// Seconds are told apart by their number of purchases; each is some kilobytes long.
    private func publish(_ number: Int, to feed: LiveFeed) {
        var point = LivePoint(at: Timestamp(seconds: Int64(number)))
        point.purchases = number
        feed.publish(point, LiveSample.now(.selling, itemName: String(repeating: "long ", count: 1000)))
    }

    /// The numbers of the seconds in some events.
    private func numbers(_ text: String) -> [Int] {
        text.components(separatedBy: "\"point\":[").dropFirst().compactMap { row -> Int? in
            let parts = row.split(separator: ",")
            return parts.count > 7 ? Int(parts[7]) : nil
        }
    }

    @Test("what a reader does not take is left out for it, and the newest second comes")
    func neverReads() async throws {
        try await withFeed { feed, port in
            let lazy = try LazyReader(port: port)
            try await until(true) { feed.isWatched }
            // 20 MB: far more than the system keeps for a connection.
            let all = 4000
            for number in 1...all { self.publish(number, to: feed) }
            let reader = try await EventReader.connect(port: port)
            let start = try await reader.event("start")
            #expect(try #require(try start.json["points"] as? [Any]).count == Limits.liveHistory)
            self.publish(all + 1, to: feed)
            let next = try await reader.event()
            #expect(self.numbers(next.data) == [all + 1], "nobody else waits for it")
            let taken = self.numbers(lazy.drain { self.numbers($0).last == all + 1 })
            #expect(taken.last == all + 1)
            #expect(taken.count < all / 2, "\(taken.count) events were kept for a reader that reads nothing")
            #expect(taken == taken.sorted(), "none comes after a newer one")
        }
    }

    @Test("a reader that leaves in the middle is forgotten")
    func leaves() async throws {
        try await withFeed { feed, port in
            for _ in 0..<3 * Limits.liveListeners {
                let reader = try await EventReader.connect(port: port)
                if reader.head.hasPrefix("HTTP/1.1 200") { self.publish(1, to: feed) }
                try await reader.close()
            }
            try await until(false) { feed.isWatched }
        }
    }

    @Test("more connections than the limit are closed at once, and room is made when others leave")
    func connections() async throws {
        try await withFeed { _, port in
            var idle: [HTTPTestClient] = []
            for _ in 0..<Limits.adminConnections { idle.append(try await HTTPTestClient.connect(port: port)) }
            try await until(true) {
                let client = try await HTTPTestClient.connect(port: port)
                return await client.receive() == nil
            }
            for client in idle { try await client.close() }
            try await until(true) {
                let client = try await HTTPTestClient.connect(port: port)
                // Refused by closing: whatever happens to the request, there is no answer.
                try? await client.send("GET / HTTP/1.1\r\n\r\n")
                return await client.receive()?.status == 200
            }
        }
    }

    @Test("a request with a long body, and what is no request, end the connection without an answer")
    func noRequests() async throws {
        try await withFeed { _, port in
            let body = String(repeating: "x", count: Limits.body + 1)
            for text in [
                "GET /events HTTP/1.1\r\nContent-Length: \(body.count)\r\n\r\n\(body)", "\u{1}\u{2}\u{3}\r\n\r\n",
                "GET /events HTTP/1.1\r\nX: \(String(repeating: "y", count: 2 * HeaderLimits().total))\r\n\r\n",
            ] {
                let client = try await HTTPTestClient.connect(port: port)
                try? await client.send(text)
                #expect(await client.receive() == nil)
            }
        }
    }

    @Test("two requests on one connection get one stream")
    func pipelined() async throws {
        try await withFeed { feed, port in
            let lazy = try LazyReader(port: port)
            try await until(true) { feed.isWatched }
            let reader = try await EventReader.connect(port: port, headers: "\r\nGET /events HTTP/1.1\r\n")
            _ = try await reader.event("start")
            self.publish(5, to: feed)
            let event = try await reader.event()
            #expect(self.numbers(event.data) == [5])
            try await reader.close()
            #expect(self.numbers(lazy.drain { self.numbers($0) == [5] }) == [5])
        }
    }
}
