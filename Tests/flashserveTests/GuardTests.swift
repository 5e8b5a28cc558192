import FlashSaleKit
import Foundation
import Testing

@testable import flashserve

/// What makes a running server stop believing a store, and how it returns.
@Suite(.serialized) struct GuardTests {
    @Test("an eviction policy that is set at run time stops the sale until it is taken back")
    func evictionPolicy() async throws {
        try await TestServer.with(TestServer.terms(stock: 5000), configure: { $0.times.recheck = .milliseconds(200) }) {
            server in
            let client = try await server.connect()
            #expect(try await client.checkout("alice").status == 201)
            let redis = try await server.redis()
            _ = try await redis.send(RedisCommand("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"))
            var user = 0
            try await until(503) {
                user += 1
                return try await client.checkout("user\(user)").status
            }
            let ready = try await client.request("GET", "/readyz?verbose")
            #expect(ready.status == 503)
            #expect(ready.body.contains("noeviction"))
            _ = try await redis.send(RedisCommand("CONFIG", "SET", "maxmemory-policy", "noeviction"))
            try await until(201) {
                user += 1
                return try await client.checkout("user\(user)").status
            }
            await redis.close()
        }
    }

    @Test("a sale whose journal is damaged stops neither the drain nor the clock of the sale behind it")
    func damagedSaleStandsAlone() async throws {
        try await TestServer.with(TestServer.terms(stock: 5)) { server in
            var terms = TestServer.terms(stock: 7)
            terms.opensAt = terms.opensAt.adding(milliseconds: 1)
            let second = try await TestServer.seed(server.stack, terms)
            let client = try await server.connect()
            // The sale that started last sells.
            try await until(second.id.rawValue) { try await client.request("GET", "/sale").json["id"] as? Int64 }
            // The cursor of the first sale points before what its stream still has: entries in between are lost.
            let redis = try await server.redis()
            let keys = SaleKeys(server.sale.id)
            _ = try await redis.send(RedisCommand("HSET", keys.sale, "trimmed_to_attempts", "99999999999999-0"))
            await redis.close()
            let restarted = try await TestServer.start(on: server.stack)
            let other = try await restarted.connect()
            let held = try await other.checkout("alice")
            #expect(held.status == 201)
            #expect(try await other.purchase(held.code).status == 200)
            // The ledger of that sale goes on, which must not hide that its attempts do not.
            try await until(false) { try await other.readyCheck("drain") == "ok" }
            var checks: Set<String> = []
            for _ in 0..<50 {
                checks.insert(try await other.readyCheck("drain"))
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(checks.allSatisfy { $0.hasPrefix("sale \(server.sale.id), attempts: ") }, "\(checks)")
            try await server.eventually("select count(*) from attempts where sale_id = \(second.id)", is: "1")
            try await restarted.stop()
        }
    }

    @Test("a server that was away for more than ten seconds goes on: Postgres confirms the clock")
    func clockAfterAPause() async throws {
        try await TestServer.with(TestServer.terms(stock: 5000)) { server in
            let client = try await server.connect()
            #expect(try await client.checkout("alice").status == 201)
            // As if nobody had asked for an hour: the clock of the sale is far behind that of Redis.
            let redis = try await server.redis()
            let key = SaleKeys(server.sale.id).sale
            let now = try #require(try await redis.send(RedisCommand("HGET", key, "now_us")).integerValue)
            _ = try await redis.send(RedisCommand("HSET", key, "now_us", "\(now - 900_000)"))
            await redis.close()
            try await server.stack.pauseRedis()
            try await Task.sleep(for: .seconds(11))
            server.stack.resumeRedis()
            var user = 0
            try await until(201) {
                user += 1
                return try await client.checkout("user\(user)").status
            }
            #expect(try await client.request("GET", "/readyz").status == 200)
        }
    }

    @Test("after an Upgrade, a CONNECT or a HEAD the connection ends with its answer")
    func lastRequests() async throws {
        try await TestServer.with { server in
            let upgrade = try await server.connect()
            let answer = try await upgrade.request(
                "POST",
                "/checkout?user_id=a&id=1",
                headers: "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
            )
            #expect(answer.status == 201)
            #expect(await upgrade.receive() == nil)
            let head = try await server.connect()
            #expect(try await head.request("HEAD", "/livez").status == 405)
            #expect(await head.receive() == nil)
        }
    }

    @Test("what follows the last request of a connection is not decided")
    func nothingBehindTheLast() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            try await client.send(
                "POST /checkout?user_id=a&id=1 HTTP/1.1\r\nConnection: close\r\n\r\n"
                    + "POST /checkout?user_id=b&id=1 HTTP/1.1\r\n\r\n"
            )
            #expect(try await #require(client.receive()).status == 201)
            #expect(await client.receive() == nil)
            #expect(try await server.snapshot().held == 1)
        }
    }
}
