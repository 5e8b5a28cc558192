import NIOCore
import Testing

@testable import FlashSaleKit

@Suite(.serialized) struct ScriptCheckoutTests {
    @Test func `item ids up to 2^63-1 survive everything`() async throws {
        try await withRedis { client in
            let bench = try await SaleBench.open(client)
            let large: [Int64] = [.max, .max - 1, 9_007_199_254_740_993, 1]
            let attempts = large.enumerated().map { attempt("ann", UInt64($0.offset), item: $0.element, keyed: true) }
            #expect(try await bench.letters(attempts) == "HHHH")
            let repeats = try await bench.checkout(attempts).decision?.repeats ?? []
            #expect(repeats.map(\.itemID) == large && repeats.map(\.index) == [0, 1, 2, 3])
            #expect(try await bench.purchase(id(0), id(1), id(2), id(3)) == Array(repeating: .purchased, count: 4))
            #expect(try await bench.checkout(attempts).decision?.repeats == repeats)
            var items: [Int64] = []
            var journal = JournalReader(bench)
            for case .purchased(_, _, _, _, let receipt) in try await journal.next() {
                items.append(receipt.hold.itemID)
            }
            #expect(items == large)
        }
    }

    @Test func `a batch may be larger than what Lua can unpack`() async throws {
        try await withRedis { client in
            let size = 5000
            let bench = try await SaleBench.open(client, stock: 2 * size, clock: try await frozenTime(client))
            let attempts = (0..<size).map { attempt("user \($0)", UInt64($0), keyed: true) }
            #expect(try await bench.checkout(attempts).decision?.letters == Array("H".utf8))
            #expect(try await bench.letters(attempts) == String(repeating: "h", count: size))
            let ids = attempts.compactMap(\.holdID)
            let bought = try await bench.purchase(ids.map { PurchaseCall.Claim(holdID: $0) }).decision
            #expect(bought == Array(repeating: .purchased, count: size))
            let others = (0..<size).map { attempt("user \($0)", UInt64(size + $0)) }
            #expect(try await bench.checkout(others).decision?.letters == Array("H".utf8))
            let released = try await bench.release(others.prefix(4100).compactMap(\.holdID)).decision
            #expect(released == Array(repeating: .released, count: 4100))
            let more = (0..<4100).map { attempt("more \($0)", UInt64(3 * size + $0), keyed: true) }
            #expect(try await bench.checkout(more).decision?.letters == Array("H".utf8))
            try await bench.setClock(try await bench.snapshot().clock.adding(milliseconds: 60_000))
            #expect(try await bench.expire(maximum: 100_000).decision == .init(expired: 4000, more: true))
            #expect(try await bench.expire(maximum: 100_000).decision == .init(expired: 1000, more: false))
            let end = try await bench.snapshot()
            #expect(end.isConsistent && end.free == size && end.sold == size && end.activeUsers == size)
        }
    }

    @Test func `ten thousand codes are ten thousand holds, and the next one is sold out`() async throws {
        try await withRedis { client in
            let stock = 10_000
            // A clock that stands still: a machine that is busy for ten seconds looks like one that was set ahead.
            let bench = try await SaleBench.open(client, stock: stock, clock: try await frozenTime(client))
            var generator = CodeGenerator()
            var seen: Set<HoldID> = []
            for batch in 0..<100 {
                let attempts = (0..<100).map { place in
                    let code = generator.next(for: bench.keys.saleID)
                    return SaleModel.Attempt(user: "\(batch) \(place / 10)", itemID: 1, holdID: code.holdID)
                }
                seen.formUnion(attempts.compactMap(\.holdID))
                #expect(try await bench.checkout(attempts).decision?.letters == Array("H".utf8))
            }
            #expect(seen.count == stock)
            let full = try await bench.snapshot()
            #expect(full.held == stock && full.free == 0 && full.isConsistent)
            #expect(try await bench.letters([attempt("late", 1)]) == "S")
        }
    }

    @Test func `a batch without hold ids is decided only while nothing can be held`() async throws {
        try await withRedis { client in
            let clock = try await frozenTime(client)
            let bench = try await SaleBench.open(client, stock: 1, clock: clock)
            let blind = [SaleModel.Attempt(user: "bob", itemID: 1, holdID: nil)]
            #expect(try await bench.letters(blind) == "R")
            #expect(try await bench.letters(blind + blind) == "R")
            #expect(try await bench.letters([attempt("ann", 1)]) == "H")
            #expect(try await bench.letters(blind + blind) == "SS")
            try await bench.setClock(clock.adding(milliseconds: 60_000))
            let before = try await bench.everything()
            #expect(try await bench.letters(blind) == "R")
            #expect(try await bench.everything() == before)
            // Lapsed stock is sold without a sweep in between.
            #expect(try await bench.letters([attempt("bob", 2)]) == "H")
            #expect(try await bench.snapshot().isConsistent)
        }
    }

    @Test func `a hold id that exists is answered with its hold and changes nothing`() async throws {
        try await withRedis { client in
            let clock = try await frozenTime(client)
            let bench = try await SaleBench.open(client, clock: clock)
            let first = try await bench.checkout([attempt("ann", 1, item: 5), attempt("ann", 1, item: 6)])
            let deadline = clock.adding(milliseconds: 60_000)
            let expected = CheckoutCall.Repeat(index: 1, itemID: 5, deadline: deadline)
            #expect(first.decision?.letters == Array("Hh".utf8) && first.decision?.repeats == [expected])
            let before = try await bench.everything()
            #expect(try await bench.letters([attempt("ann", 1, item: 7)]) == "h")
            #expect(try await bench.letters([attempt("ann", 1, item: 7, keyed: true)]) == "h")
            #expect(try await bench.everything() == before)
            #expect(try await bench.purchase(id(1)) == [.purchased])
            let bought = try await bench.everything()
            #expect(try await bench.letters([attempt("ann", 1)]) == "h")
            #expect(try await bench.everything() == bought)
        }
    }

    @Test func `a key that chose a code keeps its answer after the hold has ended`() async throws {
        try await withRedis { client in
            let clock = try await frozenTime(client)
            let bench = try await SaleBench.open(client, stock: 2, clock: clock)
            let mine = [attempt("ann", 1, item: 5, keyed: true), attempt("ann", 2, item: 6, keyed: true)]
            #expect(try await bench.letters(mine) == "HH")
            #expect(try await bench.release([id(1)]).decision == [.released])
            try await bench.setClock(clock.adding(milliseconds: 60_000))
            // The second one lapses in this very call.
            let again = try await bench.checkout(mine + [attempt("bob", 3), attempt("bob", 4), attempt("bob", 5)])
            #expect(again.decision?.letters == Array("hhHHS".utf8))
            #expect(again.decision?.repeats.map(\.itemID) == [5, 6])
            #expect(
                again.decision?.repeats.map(\.deadline)
                    == Array(repeating: clock.adding(milliseconds: 60_000), count: 2)
            )
            #expect(try await bench.purchase(id(1), id(2)) == [.lapsed, .lapsed])
            #expect(try await bench.release([id(1), id(2)]).decision == [.lapsed, .lapsed])
            #expect(try await bench.letters(mine) == "hh", "also when the sale is sold out")
            #expect(try await bench.snapshot().isConsistent)
        }
    }

    @Test func `a hold id of another user is a fault and holds nothing`() async throws {
        try await withRedis { client in
            let bench = try await SaleBench.open(client, clock: try await frozenTime(client))
            #expect(try await bench.letters([attempt("ann", 1)]) == "H")
            let before = try await bench.everything()
            await #expect(throws: RedisError.self) {
                try await bench.letters([attempt("bob", 2), attempt("bob", 1)])
            }
            #expect(try await bench.everything() == before)
        }
    }

    @Test func `bans come before everything but a repeat`() async throws {
        try await withRedis { client in
            let bench = try await SaleBench.open(client, stock: 2, limit: 1)
            #expect(try await bench.letters([attempt("ann", 1, keyed: true)]) == "H")
            #expect(try await bench.control(.ban(user: "ann")).decision == .changed)
            #expect(try await bench.control(.ban(user: "ann")).decision == .unchanged)
            let batch = [attempt("ann", 1, keyed: true), attempt("ann", 2), attempt("bob", 3), attempt("bob", 4)]
            #expect(try await bench.letters(batch) == "hBHS")
            let blind = ["ann", "bob"].map { SaleModel.Attempt(user: $0, itemID: 1, holdID: nil) }
            #expect(try await bench.letters(blind) == "BS")
            #expect(try await bench.control(.unban(user: "ann")).decision == .changed)
            #expect(try await bench.letters([attempt("ann", 5)]) == "S")
        }
    }

    @Test func `an abandoned hold returns its unit and its user's quota`() async throws {
        try await withRedis { client in
            let clock = try await frozenTime(client)
            let bench = try await SaleBench.open(client, stock: 3, limit: 3, clock: clock)
            #expect(try await bench.letters((1...4).map { attempt("ann", $0) }) == "HHHS")
            try await bench.setClock(clock.adding(milliseconds: 60_000))
            #expect(try await bench.letters((5...8).map { attempt("ann", $0) }) == "HHHS")
            #expect(try await bench.snapshot().isConsistent)
        }
    }

    @Test func `a checkout gives back at most a thousand lapsed holds`() async throws {
        try await withRedis { client in
            let clock = try await frozenTime(client)
            let bench = try await SaleBench.open(client, stock: 1500, limit: 1500, clock: clock)
            let all = (0..<1500).map { attempt("ann", UInt64($0)) }
            #expect(try await bench.checkout(all).decision?.letters == Array("H".utf8))
            try await bench.setClock(clock.adding(milliseconds: 60_000))
            #expect(try await bench.letters([attempt("bob", 9999)]) == "H")
            let after = try await bench.snapshot()
            #expect(after.held == 501 && after.free == 999 && after.isConsistent)
        }
    }

    @Test(arguments: ["ann\t\n", "ann\n", "\t1\n", "ann\t1\nbob\t2\n", "ann\t1", ""])
    func `a payload that is no list of attempts takes neither stock nor quota`(payload: String) async throws {
        try await withRedis { client in
            let bench = try await SaleBench.open(client, clock: try await frozenTime(client))
            let before = try await bench.everything()
            var holdIDs = ByteBuffer()
            CheckoutCall.append(id(1), to: &holdIDs)
            let command = CheckoutCall.command(
                keys: bench.keys,
                epoch: 7,
                count: 1,
                payload: ByteBuffer(string: payload),
                holdIDs: holdIDs
            )
            let reply = try await client.sendRaw(command)
            #expect(reply.errorText?.hasPrefix("ERR") == true)
            #expect(try await bench.everything() == before)
        }
    }

    @Test func `of 50 parallel checkouts at 9 of 10 exactly one succeeds`() async throws {
        try await withRedis { client in
            let bench = try await SaleBench.open(client, stock: 100)
            #expect(try await bench.letters((1...9).map { attempt("ann", $0) }) == "HHHHHHHHH")
            let letters = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<50 {
                    group.addTask { try await bench.letters([attempt("ann", 100 + UInt64(number))]) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(letters.filter { $0 == "H" }.count == 1)
            #expect(letters.filter { $0 == "L" }.count == 49)
        }
    }

    @Test func `a user who holds many codes before buying buys at most the limit`() async throws {
        try await withRedis { client in
            let bench = try await SaleBench.open(client, stock: 100)
            var all: [HoldID] = []
            for round in 0..<5 {
                let attempts = (0..<30).map { attempt("ann", UInt64(100 * round + $0)) }
                all += attempts.compactMap(\.holdID)
                _ = try await bench.letters(attempts)
                _ = try await bench.purchase(all.map { PurchaseCall.Claim(holdID: $0) })
            }
            let end = try await bench.snapshot()
            #expect(end.sold == 10 && end.held == 0 && end.free == 90 && end.isConsistent)
        }
    }
}
