import Testing

@testable import FlashSaleKit

@Suite(.serialized) struct ScriptPurchaseTests {
    @Test(
        arguments: [(-1, PurchaseCall.Outcome.purchased), (0, .lapsed), (1, .lapsed)] as [(Int64, PurchaseCall.Outcome)]
    )
    func `a hold can be bought until one microsecond before its deadline`(
        offset: Int64,
        outcome: PurchaseCall.Outcome
    ) async throws {
        try await withRedis { client in
            let clock = try await frozenTime(client)
            let bench = try await SaleBench.open(client, clock: clock)
            #expect(try await bench.letters([attempt("ann", 1)]) == "H")
            try await bench.setClock(Timestamp(microseconds: clock.microseconds + 60_000_000 + offset))
            #expect(try await bench.purchase(id(1)) == [outcome])
            let end = try await bench.snapshot()
            #expect(end.held == 0 && end.sold == (outcome == .purchased ? 1 : 0) && end.isConsistent)
            #expect(try await bench.expire().decision?.expired == 0, "the purchase has given it back itself")
        }
    }

    /// Buys the holds in two calls with a sweep between them, all sent at once.
    private static func race(_ bench: SaleBench, _ ids: [HoldID]) async throws -> [PurchaseCall.Outcome] {
        let claims = ids.map { PurchaseCall.Claim(holdID: $0) }
        let middle = claims.count / 2
        async let early = bench.purchase(Array(claims[..<middle]))
        async let sweep = bench.expire()
        async let late = bench.purchase(Array(claims[middle...]))
        _ = try await sweep
        let replies = try await [early, late]
        return replies.flatMap { $0.decision ?? [] }
    }

    @Test func `a hold is never both expired and purchased`() async throws {
        try await withRedis { client in
            let rounds = 100
            let holds = 100
            let clock = try await frozenTime(client)
            let bench = try await SaleBench.open(
                client,
                stock: rounds * holds,
                limit: rounds * holds,
                holdMilliseconds: 1000,
                clock: clock
            )
            var now = clock
            for round in 0..<rounds {
                let attempts = (0..<holds).map { attempt("ann", UInt64(round * holds + $0)) }
                #expect(try await bench.checkout(attempts).decision?.letters == Array("H".utf8))
                now.microseconds += 1_000_000 + Int64(round % 3) - 1
                try await bench.setClock(now)
                let outcomes = try await Self.race(bench, attempts.compactMap(\.holdID))
                // Before the deadline all are bought; from then on none.
                #expect(outcomes.count == holds)
                #expect(outcomes.allSatisfy { ($0 == .purchased) == (round % 3 == 0) })
                now.microseconds += 10
                try await bench.setClock(now)
            }
            var journal = JournalReader(bench)
            var ends: [HoldID: Int] = [:]
            for record in try await journal.next() {
                switch record {
                case .purchased(_, _, _, let id, _), .ended(_, _, _, _, let id, _, _): ends[id, default: 0] += 1
                default: break
                }
            }
            #expect(ends.count == rounds * holds)
            #expect(ends.values.allSatisfy { $0 == 1 })
            #expect(try await bench.snapshot().isConsistent)
        }
    }

    @Test func `a code raced by 100 purchases sells one unit and keeps the first ticket`() async throws {
        try await withRedis { client in
            let bench = try await SaleBench.open(client)
            #expect(try await bench.letters([attempt("ann", 1)]) == "H")
            let outcomes = try await withThrowingTaskGroup(of: [PurchaseCall.Outcome].self) { group in
                for number in 0..<100 {
                    let claim = PurchaseCall.Claim(holdID: id(1), ticket: "T\(number)")
                    group.addTask { try await bench.purchase([claim]).decision ?? [] }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(outcomes.filter { $0 == .purchased }.count == 1)
            #expect(outcomes.filter { $0 == .alreadyPurchased }.count == 99)
            var journal = JournalReader(bench)
            var tickets: [String] = []
            for case .purchased(_, _, _, _, let receipt) in try await journal.next() { tickets.append(receipt.ticket) }
            #expect(tickets.count == 1)
            let stored = try await client.send(RedisCommand("HGET", bench.keys.receipts, "\(id(1))")).string
            #expect(stored?.split(separator: "\t")[4] == tickets.first.map { $0[...] })
        }
    }

    @Test func `units count through the sale and slots through each user`() async throws {
        try await withRedis { client in
            let bench = try await SaleBench.open(client)
            let holds = [attempt("ann", 1), attempt("bob", 2), attempt("ann", 3), attempt("ann", 4)]
            #expect(try await bench.letters(holds) == "HHHH")
            #expect(try await bench.purchase(id(3), id(2), id(9)) == [.purchased, .purchased, .unknown])
            #expect(try await bench.purchase(id(1), id(1), id(4)) == [.purchased, .alreadyPurchased, .purchased])
            var journal = JournalReader(bench)
            var sold: [[Int]] = []
            for case .purchased(_, _, let index, let id, let receipt) in try await journal.next() {
                sold.append([index, Int(id.low), receipt.unit, receipt.slot])
            }
            #expect(sold == [[0, 3, 1, 1], [1, 2, 2, 1], [0, 1, 3, 2], [2, 4, 4, 3]])
        }
    }

    @Test func `a redelivered call changes nothing`() async throws {
        try await withRedis { client in
            let bench = try await SaleBench.open(client, clock: try await frozenTime(client))
            let holds = [attempt("ann", 1), attempt("bob", 2), attempt("ann", 3, keyed: true)]
            let claims = [PurchaseCall.Claim(holdID: id(1), ticket: "T")]
            _ = try await bench.checkout(holds)
            let held = try await bench.everything()
            _ = try await bench.checkout(holds)
            #expect(try await bench.everything() == held)
            _ = try await bench.purchase(claims)
            let bought = try await bench.everything()
            #expect(try await bench.purchase(claims).decision == [.alreadyPurchased])
            #expect(try await bench.everything() == bought)
            _ = try await bench.release([id(2), id(3)])
            let released = try await bench.everything()
            #expect(try await bench.release([id(2), id(3)]).decision == [.unknown, .lapsed])
            #expect(try await bench.everything() == released)
        }
    }

    @Test func `a released unit and quota are free at once, a bought one is not`() async throws {
        try await withRedis { client in
            let bench = try await SaleBench.open(client, stock: 1, limit: 1)
            #expect(try await bench.letters([attempt("ann", 1)]) == "H")
            #expect(try await bench.release([id(1), id(1)]).decision == [.released, .unknown])
            #expect(try await bench.letters([attempt("ann", 2)]) == "H")
            #expect(try await bench.purchase(id(2), id(1)) == [.purchased, .unknown])
            #expect(try await bench.release([id(2)]).decision == [.alreadyPurchased])
            #expect(try await bench.letters([attempt("bob", 3)]) == "S")
        }
    }

    @Test func `the end of the sale does not end a hold, a pause does not release it`() async throws {
        try await withRedis { client in
            let clock = try await frozenTime(client)
            let bench = try await SaleBench.open(client, clock: clock, closesAfter: 1000)
            #expect(try await bench.letters([attempt("ann", 1), attempt("ann", 2)]) == "HH")
            try await bench.setClock(clock.adding(milliseconds: 1000))
            #expect(try await bench.letters([attempt("ann", 3)]) == "C")
            #expect(try await bench.control(.finish).decision == .refused, "something is held")
            #expect(try await bench.purchase(id(1)) == [.purchased])
            #expect(try await bench.control(.pausePurchase).decision == .changed)
            #expect(try await bench.purchase([.init(holdID: id(2))]).status == .paused)
            #expect(try await bench.control(.resumePurchase).decision == .changed)
            #expect(try await bench.purchase(id(2)) == [.purchased])
            #expect(try await bench.control(.finish).decision == .changed)
        }
    }
}
