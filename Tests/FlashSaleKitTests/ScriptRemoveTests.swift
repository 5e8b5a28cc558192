import Testing

@testable import FlashSaleKit

/// What cannot be undone is refused unless everything agrees.
@Suite(.serialized) struct ScriptRemoveTests {
    private static let lineage = "7300000000000000001/3/9a8b"

    /// A sale that is over and bought one unit; and what Postgres has of it when all is drained.
    private static func finished(_ client: RedisClient) async throws -> (SaleBench, RemoveCall.Booked) {
        let bench = try await SaleBench.open(client, clock: try await frozenTime(client))
        #expect(try await bench.letters([attempt("ann", 1), attempt("bob", 2)]) == "HH")
        #expect(try await bench.purchase(id(1)) == [.purchased])
        _ = try await bench.release([id(2)])
        _ = try await client.send(RedisCommand("HSET", bench.keys.sale, "closes_us", "1", "lineage", lineage))
        #expect(try await bench.control(.finish).decision == .changed)
        let snapshot = try await bench.snapshot()
        let booked = RemoveCall.Booked(
            epoch: 7,
            lineage: lineage,
            ledger: try #require(StreamID(snapshot.ledger.lastID)),
            attempts: try #require(StreamID(snapshot.attempts.lastID))
        )
        return (bench, booked)
    }

    private static func call(
        _ step: RemoveCall.Step,
        _ bench: SaleBench,
        _ booked: RemoveCall.Booked
    ) async throws -> RemoveCall.Reply {
        let command = RemoveCall.command(step, keys: bench.keys, booked, hashSeconds: 500)
        return try RemoveCall.parse(try await bench.client.send(command))
    }

    @Test func `the hash stays for a while with state, step and totals, and nothing else does`() async throws {
        try await withRedis { client in
            let (bench, booked) = try await Self.finished(client)
            let before = try await bench.snapshot()
            #expect(try await Self.call(.check, bench, booked).decision == .done)
            #expect(try await Self.call(.book, bench, booked).decision == .done)
            #expect(try await bench.snapshot().fields["booked"] == Self.lineage)
            #expect(try await Self.call(.remove, bench, booked).decision == .done)
            let left = try await client.send(RedisCommand(parts: ["EXISTS"] + bench.keys.all.map { .string($0) }))
            #expect(left.integerValue == 1)
            #expect(try await Self.call(.remove, bench, booked).decision == .done, "repeated")
            var fields: [String: String] = [:]
            let pairs = try await client.send(RedisCommand("HGETALL", bench.keys.sale)).elements ?? []
            for index in stride(from: 0, to: pairs.count, by: 2) {
                fields[pairs[index].string ?? ""] = pairs[index + 1].string
            }
            #expect(
                fields == [
                    "state": "finished", "epoch": "7", "seq": "\(before.sequence)", "stock": "10", "free": "9",
                    "held": "0", "sold": "1", "installation": "here", "lineage": Self.lineage,
                    "booked": Self.lineage, "removed": "1", "format": "1",
                ]
            )
            let life = try await client.send(RedisCommand("TTL", bench.keys.sale)).integerValue ?? -1
            #expect((1...500).contains(life))
            #expect(try SnapshotCall.parse(try await client.send(SnapshotCall.command(keys: bench.keys))) == nil)
            #expect(try await bench.letters([attempt("ann", 3)]) == "E", "nothing can be sold with it")
        }
    }

    @Test func `a hash that is left alone is never begun again`() async throws {
        try await withRedis { client in
            let (bench, booked) = try await Self.finished(client)
            #expect(try await Self.call(.remove, bench, booked).decision == .done)
            _ = try await bench.fence(8)
            let begin = RestoreCall.Begin(
                terms: bench.terms,
                clockFloor: try await SaleBench.redisTime(client),
                installation: "here",
                lineage: try #require(Lineage(Self.lineage))
            )
            let outcome = try await bench.restore(RestoreCall.begin(keys: bench.keys, epoch: 8, begin))
            #expect(outcome == .refused("it was finished, and its keys were removed since"))
        }
    }

    @Test(arguments: [
        "another epoch", "another lineage", "open", "ledger behind", "attempts behind", "ledger trimmed",
        "attempts trimmed", "recovering",
    ])
    func `nothing is removed or booked unless everything agrees`(what: String) async throws {
        try await withRedis { client in
            var (bench, booked) = try await Self.finished(client)
            func set(_ field: String, _ value: String) async throws {
                _ = try await client.send(RedisCommand("HSET", bench.keys.sale, field, value))
            }
            let beyond = StreamID(milliseconds: booked.ledger.milliseconds + 1, sequence: 0).description
            switch what {
            case "another epoch": booked.epoch = 8
            case "another lineage": booked.lineage = "7300000000000000001/2/9a8b"
            case "open": try await set("state", "open")
            case "ledger behind": booked.ledger = .zero
            case "attempts behind":
                let last = booked.attempts
                booked.attempts = StreamID(milliseconds: last.milliseconds - 1, sequence: 99)
            case "ledger trimmed":
                try await set("trimmed_to_ledger", beyond)
            case "attempts trimmed":
                try await set("trimmed_to_attempts", beyond)
            default: _ = try await bench.fence(8)
            }
            let before = try await bench.everything()
            for step in [RemoveCall.Step.check, .book, .remove, .discard] {
                let reply = try await Self.call(step, bench, booked)
                #expect(reply.decision != .done, "\(step)")
            }
            #expect(try await bench.everything() == before)
        }
    }

    @Test func `a sale without a lineage on record is accepted`() async throws {
        try await withRedis { client in
            let (bench, booked) = try await Self.finished(client)
            _ = try await client.send(RedisCommand("HDEL", bench.keys.sale, "lineage"))
            #expect(try await Self.call(.remove, bench, booked).decision == .done)
        }
    }

    @Test func `only an opening that nobody used is discarded`() async throws {
        try await withRedis { client in
            let unused = try await SaleBench.open(client, id: 1)
            let own = Lineage.bench.description
            let booked = RemoveCall.Booked(epoch: 8, lineage: own, ledger: .zero, attempts: .zero)
            var older = booked
            older.epoch = 6
            #expect(try await Self.call(.discard, unused, older) != .decided(.done, now: .init(microseconds: 0)))
            #expect(try await unused.snapshot().state == .open, "a later opening has taken it")
            let used = try await SaleBench.open(client, id: 2)
            #expect(try await used.letters([attempt("ann", 1)]) == "H")
            let before = try await used.everything()
            #expect(try await Self.call(.discard, used, booked).decision?.isRefused == true)
            #expect(try await used.everything() == before)
            #expect(try await Self.call(.discard, unused, booked).decision == .done)
            let keys = unused.keys.all.map { RedisArgument.string($0) }
            #expect(try await client.send(RedisCommand(parts: ["EXISTS"] + keys)).integerValue == 0)
            #expect(try await Self.call(.discard, unused, booked).decision == .done, "repeated")
            let fenced = SaleKeys(SaleBench.saleID(3))
            let fence = FenceCall.command(keys: fenced, epoch: 7, lineage: booked.lineage, expected: "")
            _ = try await client.send(fence)
            let command = RemoveCall.command(.discard, keys: fenced, booked)
            #expect(try RemoveCall.parse(try await client.send(command)).decision == .done, "killed after its fence")
        }
    }
}
