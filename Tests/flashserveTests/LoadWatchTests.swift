import FlashSaleKit
import Foundation
import TestSupport
import Testing

@testable import flashserve

/// The server refuses before Redis is full, and goes on by itself.
@Suite(.serialized) struct LoadWatchTests {
    /// Buyers that ask until one is refused with this error; returns how many were held before.
    private func crowd(_ client: HTTPTestClient, until error: String, prefix: String) async throws -> Int {
        var held = 0
        let deadline = ContinuousClock.now + TestPatience.limit
        while ContinuousClock.now < deadline {
            let answer = try await client.checkout("\(prefix)\(held)")
            if answer.status == 503 {
                #expect(try answer.error == error)
                #expect(answer.headers["retry-after"] != nil)
                return held
            }
            #expect(answer.status == 201)
            held += 1
        }
        Issue.record("nobody was refused")
        return held
    }

    @Test("too much undrained journal: checkouts are refused undecided, everything else goes on, and all returns")
    func backlogHighWater() async throws {
        try await TestServer.with(
            TestServer.terms(stock: 50_000),
            configure: {
                $0.backlogLimit = 100_000
                $0.times = .pendingSoon
            }
        ) { server in
            let client = try await server.connect()
            let bought = try await client.checkout("early", key: "early-key").code
            let released = try await client.checkout("other").code
            try await server.stack.stopPostgres()
            let held = try await crowd(client, until: "overloaded", prefix: "user")
            #expect(held > 50)
            let before = try await server.snapshot()
            for index in 0..<50 { #expect(try await client.checkout("late\(index)").status == 503) }
            let refused = try await client.checkout("late", key: "new-key")
            #expect(try refused.error == "overloaded")
            // A code that exists is given again, is released, and is bought.
            let again = try await client.checkout("early", key: "early-key")
            #expect(again.status == 201)
            #expect(try again.code == bought)
            #expect(try await client.purchase(bought).status == 202)
            #expect(try await client.request("DELETE", "/checkout?code=\(released)").status == 200)
            let after = try await server.snapshot()
            #expect(after.attempts == before.attempts, "nothing was decided meanwhile")
            #expect(after.sold == 1)
            let ready = try await client.request("GET", "/readyz?verbose")
            #expect(ready.status == 200)
            #expect(try ready.json["status"] as? String == "degraded")
            #expect(try await client.readyCheck("load").contains("of the journal are not in Postgres yet"))
            try await server.stack.startPostgres()
            try await until(201) { try await client.checkout("returned").status }
            try await until("ok") { try await client.readyCheck("load") }
            try await until(200) { try await client.purchase(bought).status }
            // Everything that was answered is on record once, and what was refused is not.
            try await server.eventually("select count(*)::text from attempts", is: "\(held + 3)")
            #expect(try await server.sql("select count(*)::text from dead_letter") == [["0"]])
        }
    }

    @Test("too much of Redis' memory is used: refused until there is room again")
    func memoryHighWater() async throws {
        try await TestServer.with(TestServer.terms(stock: 50_000)) { server in
            let client = try await server.connect()
            let redis = try await server.redis()
            #expect(try await client.checkout("alice").status == 201)
            let used = try await RedisGuards.read(redis).usedMemory
            _ = try await redis.send(RedisCommand("CONFIG", "SET", "maxmemory", "\(used + used / 20)"))
            try await until("overloaded") { try await client.checkout("u\(Int.random(in: 0..<9_999))").error ?? "" }
            // So little room may be used up before the server looks: then it is Redis that has refused so far.
            try await until(true) { try await client.readyCheck("load").contains("more than 85 %") }
            _ = try await redis.send(RedisCommand("CONFIG", "SET", "maxmemory", "\(used * 4)"))
            try await until(201) { try await client.checkout("u\(Int.random(in: 0..<9_999))").status }
            await redis.close()
        }
    }

    @Test("maxmemory is reached: 503, not one write, and the sale goes on when it was raised")
    func outOfMemory() async throws {
        try await TestServer.with(TestServer.terms(stock: 50_000)) { server in
            let client = try await server.connect()
            let redis = try await server.redis()
            let code = try await client.checkout("alice").code
            _ = try await redis.send(RedisCommand("CONFIG", "SET", "maxmemory", "1000"))
            for index in 0..<20 {
                let answer = try await client.checkout("bob\(index)")
                #expect(answer.status == 503)
                #expect(try answer.error == "overloaded")
            }
            #expect(try await server.snapshot().held == 1)
            #expect(try await client.purchase(code).status == 200, "purchases make room and go on")
            _ = try await redis.send(RedisCommand("CONFIG", "SET", "maxmemory", "0"))
            try await until(201) { try await client.checkout("bob").status }
            #expect(try await server.snapshot().isConsistent)
            try await server.eventually("select count(*)::text from attempts", is: "2")
            await redis.close()
        }
    }

    @Test("a Redis at its mark comes below it by the drain alone")
    func trimmingMakesRoom() async throws {
        try await TestServer.with(TestServer.terms(stock: 50_000)) { server in
            let client = try await server.connect()
            let redis = try await server.redis()
            let before = try await RedisGuards.read(redis).usedMemory
            // Long user names, so that the journal grows quickly; all of it is drained at once but stays for a while.
            let name = String(repeating: "x", count: 50)
            for index in 0..<1500 { #expect(try await client.checkout("\(name)\(index)").status == 201) }
            let code = try await client.checkout("sold-out").code
            _ = try await client.request("DELETE", "/checkout?code=\(code)")
            let full = try await RedisGuards.read(redis).usedMemory
            #expect(full > before)
            // 85 % of this is below what is used now, and above what is left without the drained attempts.
            _ = try await redis.send(RedisCommand("CONFIG", "SET", "maxmemory", "\(full * 100 / 88)"))
            try await until("overloaded") { try await client.checkout("late\(Int.random(in: 0..<9_999))").error ?? "" }
            let entries = try await server.snapshot().attempts.entries
            #expect(entries > 1000)
            // Usually drained entries stay for two minutes; now they go after ten seconds.
            try await until(true) { try await server.snapshot().attempts.entries < entries / 2 }
            await redis.close()
        }
    }
}
