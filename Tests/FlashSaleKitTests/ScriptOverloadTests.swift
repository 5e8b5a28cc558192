import NIOCore
import Testing

@testable import FlashSaleKit

/// What the scripts do for a server that takes no new load, or does not trust the clocks.
@Suite(.serialized) struct ScriptOverloadTests {
    private func call(_ bench: SaleBench, _ attempts: [SaleModel.Attempt], flags: String) async throws -> String {
        var (payload, holdIDs) = (ByteBuffer(), ByteBuffer())
        for attempt in attempts {
            CheckoutCall.appendAttempt(user: attempt.user.utf8, itemID: attempt.itemID, to: &payload)
            if let holdID = attempt.holdID { CheckoutCall.append(holdID, to: &holdIDs) }
        }
        let command = CheckoutCall.command(
            keys: bench.keys,
            epoch: bench.epoch,
            count: attempts.count,
            payload: payload,
            holdIDs: holdIDs,
            keyed: ByteBuffer(string: flags)
        )
        let reply = try CheckoutCall.parse(try await bench.client.send(command), count: attempts.count)
        let decision = try #require(reply.decision)
        return String(decoding: attempts.indices.map(decision.letter(at:)), as: UTF8.self)
    }

    @Test func `an attempt that may only repeat gets its hold, or no decision and no record`() async throws {
        try await withRedis { client in
            let bench = try await SaleBench.open(client, stock: 3)
            #expect(try await bench.letters([attempt("ann", 1, keyed: true)]) == "H")
            let before = try await bench.snapshot()
            let both = [attempt("ann", 1, keyed: true), attempt("bob", 2, keyed: true)]
            #expect(try await call(bench, both, flags: "rr") == "hO")
            #expect(try await call(bench, [both[1]], flags: "r") == "O")
            let after = try await bench.snapshot()
            #expect(after.sequence == before.sequence && after.attempts == before.attempts && after.free == 2)
            // Beside one that is decided, it is on the journal as an attempt without a record.
            #expect(try await call(bench, both + [attempt("carl", 3, keyed: true)], flags: "rr1") == "hOH")
            let entry = try await client.send(RedisCommand("XREVRANGE", bench.keys.attempts, "+", "-", "COUNT", "1"))
            let fields = entry.elements?.first?.elements?.last?.elements?.compactMap(\.string) ?? []
            let place = try #require(fields.firstIndex(of: "o"))
            #expect(fields[place + 1] == "hhH")
            #expect(try await bench.snapshot().held == 2)
        }
    }

    @Test func `a sold-out sale still repeats`() async throws {
        try await withRedis { client in
            let bench = try await SaleBench.open(client, stock: 1)
            #expect(try await bench.letters([attempt("ann", 1, keyed: true)]) == "H")
            let both = [attempt("ann", 1, keyed: true), attempt("bob", 2, keyed: true)]
            #expect(try await call(bench, both, flags: "rr") == "hO")
            #expect(try await call(bench, both, flags: "11") == "hS")
        }
    }

    @Test func `a sweep of no holds returns none and keeps the clock going`() async throws {
        try await withRedis { client in
            let start = try await SaleBench.redisTime(client)
            let bench = try await SaleBench.open(client, stock: 5, holdMilliseconds: 1000, clock: start)
            // Confirmed for as long as the test may take.
            let confirmed = try await frozenTime(client)
            #expect(
                try await bench.checkout([attempt("ann", 1), attempt("bob", 2)], confirmed: confirmed).decision != nil
            )
            let clock = try await bench.snapshot().clock
            try await eventually("the end of the holds") {
                try await SaleBench.redisTime(client) > clock.adding(milliseconds: 1000)
            }
            #expect(try await bench.expire(maximum: 0, confirmed: confirmed).decision == .init(expired: 0, more: true))
            let paused = try await bench.snapshot()
            #expect(paused.held == 2 && paused.isConsistent)
            #expect(paused.clock > clock)
            #expect(try await bench.expire(confirmed: confirmed).decision == .init(expired: 2, more: false))
        }
    }

    @Test func `when maxmemory is reached checkouts are refused before any write and the rest works`() async throws {
        try await withRedis(settings: ["maxmemory-policy": "noeviction"]) { client in
            let bench = try await SaleBench.open(client, stock: 5)
            #expect(try await bench.letters([attempt("ann", 1), attempt("bob", 2)]) == "HH")
            _ = try await client.send(RedisCommand("CONFIG", "SET", "maxmemory", "1000"))
            let before = try await bench.everything()
            let error = await #expect(throws: RedisError.self) { try await bench.letters([attempt("carl", 3)]) }
            #expect(error?.code == .server("OOM"))
            #expect(try await bench.everything() == before)
            #expect(try await bench.purchase(id(1)) == [.purchased])
            #expect(try await bench.release([id(2)]).decision == [.released])
            #expect(try await bench.expire(maximum: 0).decision != nil)
            _ = try await client.send(RedisCommand("CONFIG", "SET", "maxmemory", "0"))
            #expect(try await bench.letters([attempt("carl", 3)]) == "H")
        }
    }
}
