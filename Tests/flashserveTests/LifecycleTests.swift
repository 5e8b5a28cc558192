import FlashSaleKit
import Foundation
import TestSupport
import Testing

@testable import flashserve

/// Starting, stopping, and what happens when a store is away.
@Suite(.serialized) struct LifecycleTests {
    @Test("shutdown under load: every answered request is on record")
    func shutdownUnderLoad() async throws {
        try await LocalStack.withTemporary { stack in
            try await TestServer.seed(stack, TestServer.terms(stock: 50))
            let server = try await TestServer.start(on: stack)
            let answered = try await withThrowingTaskGroup(of: [String: Int].self) { group in
                for worker in 0..<16 {
                    group.addTask {
                        var counts: [String: Int] = [:]
                        guard let client = try? await server.connect() else { return counts }
                        for index in 0..<100_000 {
                            let request = "POST /checkout?user_id=w\(worker)-\(index)&id=1 HTTP/1.1\r\n\r\n"
                            guard (try? await client.send(request)) != nil, let answer = await client.receive() else {
                                break
                            }
                            counts["\(answer.status)", default: 0] += 1
                        }
                        return counts
                    }
                }
                group.addTask {
                    try await server.eventually("select count(*) > 500 from attempts", is: "t")
                    try await server.stop()
                    return [:]
                }
                return try await group.reduce(into: [String: Int]()) { $0.merge($1, uniquingKeysWith: +) }
            }
            #expect(answered["201"] == 50)
            #expect(answered["409"] ?? 0 > 0)
            #expect(answered.keys.allSatisfy { ["201", "409", "503"].contains($0) }, "\(answered)")
            // The server has drained before it ended: no wait here. A request that was decided while its client was
            // being disconnected may be recorded without an answer, never the other way round.
            let recorded = try await server.sql("select outcome::text, count(*)::text from attempts group by 1")
            let counts = Dictionary(uniqueKeysWithValues: recorded.map { ($0[0] ?? "", Int($0[1] ?? "") ?? 0) })
            #expect(counts["H"] == 50)
            #expect(counts["S"] ?? 0 >= answered["409"] ?? 0)
            #expect((counts["S"] ?? 0) - (answered["409"] ?? 0) <= 16)
        }
    }

    @Test("readiness is 503 before the listener closes")
    func readinessGoesFirst() async throws {
        try await LocalStack.withTemporary { stack in
            try await TestServer.seed(stack, TestServer.terms())
            let server = try await TestServer.start(on: stack) { $0.shutdownDelayMilliseconds = 2000 }
            let client = try await server.connect()
            #expect(try await client.request("GET", "/readyz").status == 200)
            let stopping = Task { try await server.stop() }
            var statuses: [Int] = []
            while statuses.last != 503 {
                guard (try? await client.send("GET /readyz HTTP/1.1\r\n\r\n")) != nil,
                    let answer = await client.receive()
                else { break }
                statuses.append(answer.status)
            }
            #expect(statuses.last == 503)
            try await stopping.value
        }
    }

    @Test("a client that thinks for a moment while the server stops is answered, not cut off")
    func thoughtfulClient() async throws {
        try await LocalStack.withTemporary { stack in
            try await TestServer.seed(stack, TestServer.terms())
            let server = try await TestServer.start(on: stack) { $0.quietMilliseconds = 120_000 }
            let client = try await server.connect()
            #expect(try await client.checkout("alice").status == 201)
            let stopping = Task { try await server.stop() }
            // The listener has closed by then, and no answer has told the client so.
            try await eventually("the end of the listener") {
                guard let late = try? await server.connect() else { return true }
                try await late.close()
                return false
            }
            let answer = try await client.request("POST", "/checkout?user_id=alice&id=1")
            #expect(answer.status == 201)
            #expect(answer.headers["connection"] == "close")
            try await stopping.value
        }
    }

    @Test("a stopping server tells its clients to go elsewhere, instead of cutting them off in a request")
    func clientsAreSentAway() async throws {
        try await LocalStack.withTemporary { stack in
            try await TestServer.seed(stack, TestServer.terms())
            let server = try await TestServer.start(on: stack)
            let client = try await server.connect()
            #expect(try await client.request("GET", "/livez").headers["connection"] == nil)
            let stopping = Task { try await server.stop() }
            var answer: HTTPTestClient.Response?
            repeat {
                try await client.send("POST /checkout?user_id=alice&id=1 HTTP/1.1\r\n\r\n")
                answer = await client.receive()
            } while answer != nil && answer?.headers["connection"] == nil
            #expect(answer?.headers["connection"] == "close")
            #expect([201, 429].contains(answer?.status))
            #expect(await client.receive() == nil)
            try await stopping.value
        }
    }

    @Test("Redis away: 503 with Retry-After, health says so, and service returns by itself")
    func redisOutage() async throws {
        try await TestServer.with(configure: { $0.times = ServerTimes() }) { server in
            let client = try await server.connect()
            #expect(try await client.checkout("alice").status == 201)
            try await server.stack.pauseRedis()
            let refused = try await client.checkout("bob")
            #expect(refused.status == 503)
            #expect(refused.headers["retry-after"] != nil)
            let health = try await client.request("GET", "/health")
            #expect(health.status == 503)
            #expect((try health.json["services"] as? [String: String])?["redis"] == "down")
            #expect(try await client.request("GET", "/readyz").status == 503)
            #expect(try await client.request("GET", "/livez").status == 200)
            server.stack.resumeRedis()
            try await retry(client, "carol")
            #expect(try await client.request("GET", "/readyz").status == 200)
        }
    }

    @Test("a Redis that was restarted with its data is adopted: same counters, old codes buy")
    func redisRestart() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            let code = try await client.checkout("alice").code
            try await server.stack.stopRedis()
            #expect(try await client.checkout("bob").status == 503)
            try await server.stack.startRedis()
            try await retry(client, "carol")
            let snapshot = try await server.snapshot()
            #expect(snapshot.held == 2 && snapshot.free == 98)
            #expect(try await client.purchase(code).status == 200)
        }
    }

    @Test("an emptied Redis is rebuilt, never handed fresh units: what was sold stays sold, live codes buy")
    func emptiedRedis() async throws {
        try await TestServer.with(TestServer.terms(stock: 4)) { server in
            let client = try await server.connect()
            let held = try await client.checkout("bob").code
            let code = try await client.checkout("alice").code
            let bought = try await client.purchase(code)
            #expect(bought.status == 200)
            let redis = try await server.redis()
            _ = try await redis.send(RedisCommand("FLUSHALL"))
            await redis.close()
            #expect(try await client.checkout("zoe").status == 503)
            try await retry(client, "carol")
            let snapshot = try await server.snapshot()
            #expect(snapshot.free == 1 && snapshot.held == 2 && snapshot.sold == 1)
            let again = try await client.purchase(code)
            #expect(again.status == 200)
            let (first, second) = (try bought.json["unit"] as? Int, try again.json["unit"] as? Int)
            #expect(first == 1 && second == 1)
            #expect(try await client.purchase(held).status == 200)
            #expect(try await client.checkout("dora").status == 201)
            #expect(try await client.checkout("emil").status == 409)
            try await server.eventually("select kind from recoveries", is: "rebuilt")
            #expect(try await client.request("GET", "/readyz").status == 200)
        }
    }

    @Test("SCRIPT FLUSH costs at most refusals, and nothing is decided twice")
    func scriptFlush() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            #expect(try await client.checkout("alice").status == 201)
            let redis = try await server.redis()
            _ = try await redis.send(RedisCommand("SCRIPT", "FLUSH"))
            await redis.close()
            try await retry(client, "bob")
            #expect(try await server.snapshot().held == 2)
        }
    }

    @Test("Postgres away: holds go on, health is 503, readiness says degraded")
    func postgresOutage() async throws {
        try await TestServer.with(configure: { $0.times = .pendingSoon }) { server in
            let client = try await server.connect()
            try await server.stack.stopPostgres()
            var ready = try await client.request("GET", "/readyz")
            try await eventually {
                ready = try await client.request("GET", "/readyz")
                return try ready.json["status"] as? String == "degraded"
            }
            #expect(ready.status == 200)
            let held = try await client.checkout("alice")
            #expect(held.status == 201)
            let health = try await client.request("GET", "/health")
            #expect(health.status == 503)
            #expect((try health.json["services"] as? [String: String])?["postgres"] == "down")
            #expect(try await client.purchase(held.code).status == 202)
            try await server.stack.startPostgres()
            _ = try await client.bought(held.code)
            try await server.eventually("select count(*) from attempts", is: "1")
        }
    }

    @Test("two servers that start together open one sale an hour")
    func twoServersOneSale() async throws {
        try await LocalStack.withTemporary { stack in
            try await TestServer.seed(stack, TestServer.terms())
            async let first = TestServer.start(on: stack, rotate: HourlyTerms())
            async let second = TestServer.start(on: stack, rotate: HourlyTerms())
            let servers = try await [first, second]
            // This hour and the next.
            try await servers[0].eventually("select count(*) from sales where hourly", is: "2")
            try await Task.sleep(for: .milliseconds(300))
            let distinct = try await servers[0].sql("select count(distinct opens_at)::text from sales where hourly")
            #expect(distinct == [["2"]])
            for server in servers { try await server.stop() }
        }
    }

    @Test("a server that may do without an append-only file keeps the hours as well")
    func rotatesWithoutAppendOnlyFile() async throws {
        try await LocalStack.withTemporary { stack in
            try await TestServer.seed(stack, TestServer.terms())
            let redis = try await TestServer.redis(stack)
            _ = try await redis.send(RedisCommand("CONFIG", "SET", "appendonly", "no"))
            await redis.close()
            let server = try await TestServer.start(on: stack, rotate: HourlyTerms()) { $0.allowNoAOF = true }
            try await server.eventually(
                "select count(*) from sales where hourly and opened_in_redis_at is not null",
                is: "2"
            )
            try await server.stop()
        }
    }

    /// Asks until the answer is no refusal for unavailability.
    private func retry(_ client: HTTPTestClient, _ user: String) async throws {
        var status = 503
        try await eventually {
            status = try await client.checkout(user).status
            return status != 503
        }
        #expect(status == 201)
    }
}
