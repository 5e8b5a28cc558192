import FlashSaleKit
import Foundation
import TestSupport
import Testing

@testable import flashserve

/// The second listener of a real server: the page, the events, and their limits.
@Suite(.serialized) struct LiveEventsTests {
    private func number(_ event: EventReader.Event, _ path: String...) throws -> Int? {
        var value: Any? = try event.now
        for name in path { value = (value as? [String: Any])?[name] }
        return value as? Int
    }

    @Test("the page comes with its policy, on this listener only, and for GET only")
    func page() async throws {
        try await withLivePage { server, admin in
            func ask(_ method: String, _ path: String, _ host: String) async throws -> HTTPTestClient.Response {
                let client = try await HTTPTestClient.connect(port: admin)
                try await client.send("\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                let answer = try #require(await client.receive())
                #expect(await client.receive() == nil, "one request a connection")
                return answer
            }
            let own = "127.0.0.1:\(admin)"
            let page = try await ask("GET", "/", own)
            #expect(page.status == 200 && page.body == LivePage.html)
            #expect(page.headers["content-type"] == "text/html; charset=utf-8")
            #expect(page.headers["content-security-policy"] == LivePage.policy)
            let expected = [
                "cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
                "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin",
            ]
            for (name, value) in expected { #expect(page.headers[name] == value, "\(name)") }
            for path in ["/", "/events"] {
                for method in ["POST", "PUT", "DELETE", "HEAD"] {
                    let answer = try await ask(method, path, own)
                    #expect(answer.status == 405 && answer.headers["allow"] == "GET", "\(method) \(path)")
                }
                let foreign = try await ask("GET", path, "evil.example")
                #expect(foreign.status == 403 && foreign.body.contains("http://127.0.0.1"))
            }
            #expect(try await ask("GET", "/page.html", own).status == 404)
            let client = try await server.connect()
            for path in ["/", "/events"] { #expect(try await client.request("GET", path).status == 404) }
        }
    }

    @Test("a reader gets what was before it came, and then a second every second")
    func seconds() async throws {
        var terms = TestServer.terms(stock: 5, limit: 3)
        terms.itemName = "<img src=x onerror=alert(1)>\n\"Lamp\""
        let name = terms.itemName
        try await withLivePage(terms) { server, admin in
            let client = try await server.connect()
            let code = try await client.checkout("ann").code
            #expect(try await client.checkout("ann").status == 201)
            #expect(try await client.purchase(code).status == 200)
            // Nobody watches, and it is recorded all the same.
            var reader = try await EventReader.connect(port: admin)
            var start = try await reader.event("start")
            try await eventually("two seconds on record") {
                if try (start.json["points"] as? [Any])?.count ?? 0 >= 2 { return true }
                try await reader.close()
                try await Task.sleep(for: .milliseconds(500))
                reader = try await EventReader.connect(port: admin)
                start = try await reader.event("start")
                return false
            }
            #expect(reader.head.hasPrefix("HTTP/1.1 200 OK\nContent-Type: text/event-stream\n"))
            #expect(reader.head.contains("\nCache-Control: no-store\n"))
            let columns = try #require(try start.json["columns"] as? [String])
            #expect(columns == LivePoint.columns)
            let points = try #require(try start.json["points"] as? [[Any]])
            #expect(points.count >= 2 && points.allSatisfy { $0.count == columns.count })
            let place = try #require(columns.firstIndex(of: "checkout_p99"))
            #expect(points.contains { ($0[place] as? Int ?? 0) > 0 }, "no second has a time to answer")
            let second = try await reader.event { try self.number($0, "lapsing", "within60") != nil }
            #expect(try number(second, "units", "free") == 3)
            #expect(try number(second, "units", "held") == 1 && number(second, "units", "sold") == 1)
            #expect(try number(second, "sale", "id") == Int(server.sale.id.rawValue))
            #expect(try (second.now["sale"] as? [String: Any])?["item_name"] as? String == name)
            #expect(try (second.now["sale"] as? [String: Any])?["phase"] as? String == "selling")
            #expect(try number(second, "server", "attempts", "held") == 2)
            #expect(try number(second, "server", "purchases") == 1)
            #expect(try #require(second.json["point"] as? [Any]).count == columns.count)
            // A hold of a minute lapses within a minute, and not within ten seconds.
            #expect(try number(second, "lapsing", "within60") == 1 && number(second, "lapsing", "within10") == 0)
            #expect(try await client.checkout("bob").status == 201)
            #expect(try await client.checkout("bob").status == 201)
            #expect(try await client.checkout("bob").status == 201)
            #expect(try await client.checkout("bob").status == 409)
            let soldOut = try await reader.event { try self.number($0, "units", "free") == 0 }
            #expect(try (soldOut.now["sale"] as? [String: Any])?["phase"] as? String == "sold_out")
            _ = try await reader.event { try self.number($0, "server", "attempts", "sold_out") == 1 }
        }
    }

    @Test("beyond the limit of readers there is a clear 503, and a place that was left is given away")
    func limit() async throws {
        try await withLivePage { _, admin in
            var readers: [EventReader] = []
            for _ in 0..<Limits.liveListeners { readers.append(try await EventReader.connect(port: admin)) }
            for reader in readers { _ = try await reader.event("start") }
            let client = try await HTTPTestClient.connect(port: admin)
            try await client.send("GET /events HTTP/1.1\r\n\r\n")
            let refused = try #require(await client.receive())
            #expect(refused.status == 503 && refused.headers["retry-after"] == "5")
            #expect(refused.body == "\(Limits.liveListeners) pages watch this server already; close one of them\n")
            for path in ["/", "/metrics"] {
                let other = try await HTTPTestClient.connect(port: admin)
                try await other.send("GET \(path) HTTP/1.1\r\n\r\n")
                #expect(try #require(await other.receive()).status == 200, "\(path)")
            }
            try await readers.removeFirst().close()
            try await until(true) {
                let head = try await EventReader.connect(port: admin).head
                return head.hasPrefix("HTTP/1.1 200")
            }
            for reader in readers { _ = try await reader.event() }
        }
    }

    @Test("the stores are asked while somebody watches, once for all, and not at all while nobody does")
    func nothingIsReadForNobody() async throws {
        try await withLivePage { server, admin in
            let redis = try await server.redis()
            func counts() async throws -> Int {
                let text = try await redis.send(RedisCommand("INFO", "commandstats")).string ?? ""
                let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_zcount:") }
                return line.flatMap { Int($0.dropFirst("cmdstat_zcount:calls=".count).prefix { $0 != "," }) } ?? 0
            }
            try await Task.sleep(for: .seconds(2))
            #expect(try await counts() == 0)
            var readers: [EventReader] = []
            for _ in 0..<5 { readers.append(try await EventReader.connect(port: admin)) }
            for reader in readers { _ = try await reader.event { try self.number($0, "lapsing", "within60") != nil } }
            let began = ContinuousClock.now
            let before = try await counts()
            var seconds = 0
            while seconds < 3 {
                _ = try await readers[0].event()
                seconds += 1
            }
            let after = try await counts()
            #expect(after > before)
            // Three for each second, whoever watches; a slow machine may need some more seconds for this.
            let passed = Int((ContinuousClock.now - began).components.seconds)
            #expect(after - before <= 3 * (passed + 2), "\(after - before) for five readers")
            for reader in readers { try await reader.close() }
            try await eventually("two seconds without a question") {
                let left = try await counts()
                try await Task.sleep(for: .seconds(2))
                return try await counts() == left
            }
            await redis.close()
        }
    }

    @Test("past sales come from their summaries")
    func past() async throws {
        try await withLivePage { server, admin in
            _ = try await server.sql(
                """
                insert into sales (item_name, image_url, stock, user_limit, hold_ms, opens_at, closes_at, hourly,
                    finished_at, summary)
                select 'Kettle ' || n, 'https://example.com/k.png', 100, 10, 60000, now() - n * interval '2 hours',
                    now() - n * interval '2 hours' + interval '1 hour', false, now(),
                    case when n = 2 then '{"opened": false}'::jsonb else jsonb_build_object('opened', true,
                        'attempts', 900, 'held', 120, 'sold_out', 700, 'user_limit', 70, 'banned', 10,
                        'purchases', 100 - n, 'expired', 15, 'released', 5) end
                from generate_series(1, 12) n
                """
            )
            let reader = try await EventReader.connect(port: admin)
            let second = try await reader.event { try ($0.now["past"] as? [Any])?.isEmpty == false }
            let past = try #require(try second.now["past"] as? [[String: Any]])
            #expect(past.count == Limits.pastSales)
            #expect(past.first?["item_name"] as? String == "Kettle 1" && past.first?["purchases"] as? Int == 99)
            #expect(past.first?["sold_out"] as? Int == 700 && past.first?["expired"] as? Int == 15)
            #expect(past[1]["item_name"] as? String == "Kettle 2" && past[1]["attempts"] == nil)
        }
    }

    @Test("the end of the server is told, and ends the events")
    func end() async throws {
        let port = Shared(0)
        try await LocalStack.withTemporary(options: .fast) { stack in
            try await TestServer.seed(stack, TestServer.terms())
            let server = try await TestServer.start(on: stack) { options in
                options.adminPort = 0
                options.onAdminListening = { port.value = $0 }
            }
            let reader = try await EventReader.connect(port: port.value)
            _ = try await reader.event("start")
            let stopping = Task { try await server.stop() }
            let bye = try await reader.event("bye")
            #expect(bye.data == "{}")
            #expect(await reader.next() == nil)
            try await stopping.value
        }
    }

    @Test("a Redis that goes away is told within seconds, and its numbers are not called the present")
    func redisGoesAway() async throws {
        try await withLivePage { server, admin in
            let reader = try await EventReader.connect(port: admin)
            _ = try await reader.event { try self.number($0, "units", "free") != nil }
            try await server.stack.stopRedis()
            let gone = try await reader.event { try $0.now["units"] == nil }
            let health = try #require(try gone.now["health"] as? [String: Any])
            let told = try await reader.event { ($0.data.contains("\"redis\":\"")) }
            #expect(health["redis"] as? String != nil || told.data.contains("\"redis\":\""))
            let phase = try (told.now["sale"] as? [String: Any])?["phase"] as? String
            #expect(phase == "unavailable" || phase == "recovering")
            try await server.stack.startRedis()
        }
    }
}
