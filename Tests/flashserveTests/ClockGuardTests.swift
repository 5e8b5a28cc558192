import FlashSaleKit
import Foundation
import Testing

@testable import flashserve

/// Clocks that differ: nothing lapses by the sweep until they agree.
@Suite(.serialized) struct ClockGuardTests {
    @Test("a host clock three seconds wrong pauses the sweep, the clock of the sale goes on, and it resumes by itself")
    func sweepPauses() async throws {
        let shift = Shared<Int64>(3000)
        try await TestServer.with(
            TestServer.terms(stock: 50, holdMilliseconds: 1000),
            configure: { options in
                options.guardInterval = .milliseconds(200)
                options.hostClock = { Timestamp.host.adding(milliseconds: shift.value) }
            }
        ) { server in
            let client = try await server.connect()
            try await until("critical") { try await client.guardLevel("clock_skew") }
            #expect(try await client.readyCheck("expiry").hasPrefix("paused: "))
            #expect(try await client.request("GET", "/readyz").status == 200)
            #expect(try await client.checkout("alice").status == 201)
            let clock = try await server.snapshot().clock
            // The heartbeat goes on.
            try await until(true) { try await server.snapshot().clock > clock.adding(milliseconds: 2500) }
            let paused = try await server.snapshot()
            #expect(paused.held == 1, "the hold has lapsed and was not returned")
            shift.value = 0
            try await until("ok") { try await client.readyCheck("expiry") }
            try await until(0) { try await server.snapshot().held }
            #expect(try await client.guardLevel("clock_skew") == "ok")
        }
    }

    @Test("a server that has not compared the clocks yet returns nothing")
    func nothingIsReturnedBeforeTheFirstLook() async throws {
        try await TestServer.with(
            TestServer.terms(stock: 50, holdMilliseconds: 1000),
            configure: { options in
                options.guardInterval = .milliseconds(200)
                options.hostClock = { Timestamp.host.adding(milliseconds: 5000) }
            }
        ) { server in
            let client = try await server.connect()
            try await until("critical") { try await client.guardLevel("clock_skew") }
            #expect(try await client.checkout("alice").status == 201)
            let clock = try await server.snapshot().clock
            try await until(true) { try await server.snapshot().clock > clock.adding(milliseconds: 1500) }
            #expect(try await server.snapshot().held == 1, "lapsed, and not returned")
            let looks = Shared<Int64>(0)
            let other = try await TestServer.start(on: server.stack) { options in
                options.guardInterval = .milliseconds(200)
                options.hostClock = {
                    // The first look takes a while: the sweep is there before it.
                    if looks.value == 0 { Thread.sleep(forTimeInterval: 1) }
                    looks.value += 1
                    return Timestamp.host.adding(milliseconds: 5000)
                }
            }
            let page = try await other.connect()
            try await until("critical") { try await page.guardLevel("clock_skew") }
            #expect(try await server.snapshot().held == 1, "not by a server that has just started either")
            try await other.stop()
        }
    }

    @Test("the script still sells a lapsed unit on demand while the sweep is paused")
    func demandGoesOn() async throws {
        try await TestServer.with(
            TestServer.terms(stock: 1, holdMilliseconds: 1000),
            configure: { options in
                options.guardInterval = .milliseconds(200)
                options.hostClock = { Timestamp.host.adding(milliseconds: -3_600_000) }
            }
        ) { server in
            let client = try await server.connect()
            try await until(true) { try await client.readyCheck("expiry").hasPrefix("paused: ") }
            #expect(try await client.checkout("alice").status == 201)
            try await until(201) { try await client.checkout("bob").status }
            #expect(try await server.snapshot().isConsistent)
        }
    }

    @Test("what the guards find is on the page, and gone when it was repaired")
    func guardsOnThePage() async throws {
        try await TestServer.with(configure: { $0.guardInterval = .milliseconds(200) }) { server in
            let client = try await server.connect()
            try await until("ok") { try await client.guardLevel("append_only_file") }
            let redis = try await server.redis()
            _ = try await redis.send(RedisCommand("CONFIG", "SET", "appendfsync", "no"))
            try await until("warning") { try await client.guardLevel("append_only_file") }
            _ = try await redis.send(RedisCommand("CONFIG", "SET", "appendfsync", "everysec"))
            try await until("ok") { try await client.guardLevel("append_only_file") }
            try await server.stack.stopPostgres()
            try await until("critical") { try await client.guardLevel("postgres") }
            #expect(try await client.guardLevel("eviction_policy") == "ok")
            try await server.stack.startPostgres()
            try await until("ok") { try await client.guardLevel("postgres") }
            await redis.close()
        }
    }

    @Test(
        "an append-only file that is switched off stops the sale until it is switched on again",
        arguments: [(["CONFIG", "SET", "appendonly", "no"], ["CONFIG", "SET", "appendonly", "yes"], "append-only")]
    )
    func violationsAtRunTime(fault: [String], repair: [String], words: String) async throws {
        try await TestServer.with(TestServer.terms(stock: 5000), configure: { $0.times.recheck = .milliseconds(200) }) {
            server in
            let client = try await server.connect()
            #expect(try await client.checkout("alice").status == 201)
            let redis = try await server.redis()
            _ = try await redis.send(RedisCommand(parts: fault.map { .string($0) }))
            try await until(503) { try await client.checkout("u\(Int.random(in: 0..<9_999))").status }
            let ready = try await client.request("GET", "/readyz?verbose")
            #expect(ready.status == 503)
            #expect(ready.body.contains(words))
            _ = try await redis.send(RedisCommand(parts: repair.map { .string($0) }))
            try await until(201) { try await client.checkout("u\(Int.random(in: 0..<9_999))").status }
            await redis.close()
        }
    }
}
