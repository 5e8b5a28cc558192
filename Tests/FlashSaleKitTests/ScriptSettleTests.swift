import NIOPosix
import Testing

@testable import FlashSaleKit

/// Batches of checkouts that were sent and never answered: no buyer knows a code of them, so none of them may keep a
/// unit.
@Suite(.serialized) struct ScriptSettleTests {
    private static let batch = [attempt("ann", 1), attempt("bob", 2, item: 9)]
    private static let ids = [id(1), id(2)]

    @Test func `a batch that ran before is released, and its buyers get what new ones get`() async throws {
        try await withRedis { client in
            let bench = try await SaleBench.open(client, stock: 2, limit: 1)
            #expect(try await bench.letters(Self.batch) == "HH")
            #expect(try await bench.settle(Self.ids).decision == [.released, .released])
            let snapshot = try await bench.snapshot()
            #expect(snapshot.isConsistent && snapshot.free == 2 && snapshot.held == 0)
            let last = try await client.send(RedisCommand("XREVRANGE", bench.keys.ledger, "+", "-", "COUNT", "1"))
            let entry = try #require(try StreamEntry.parse(last, from: bench.keys.ledger).first)
            #expect(entry.value(UInt8(ascii: "k")) == Array("released".utf8))
            #expect(try await bench.letters([attempt("ann", 3), attempt("bob", 4)]) == "HH")
        }
    }

    @Test func `a batch that runs afterwards takes nothing and leaves no record`() async throws {
        try await withRedis { client in
            let bench = try await SaleBench.open(client, stock: 3, limit: 1)
            let late = bench.checkoutCommand(Self.batch)
            #expect(try await bench.settle(Self.ids).decision == [.unknown, .unknown])
            let before = try await bench.snapshot()
            let reply = try CheckoutCall.parse(try await client.sendRaw(late), count: 2)
            #expect(reply.decision?.letters == [Outcome.notDecidedLetter])
            let after = try await bench.snapshot()
            #expect(after.held == 0 && after.free == 3 && after.sequence == before.sequence)
            #expect(after.attempts == before.attempts && after.ledger == before.ledger)
            // Another buyer in the same batch is not concerned.
            #expect(try await bench.letters([attempt("ann", 1), attempt("carl", 3)]) == "OH")
            #expect(try await bench.letters([attempt("ann", 4), attempt("bob", 5)]) == "HH")
            #expect(try await bench.snapshot().isConsistent)
        }
    }

    @Test func `found or not, a settled hold is not made again, and settling twice changes no more`() async throws {
        try await withRedis { client in
            let bench = try await SaleBench.open(client)
            #expect(try await bench.letters([attempt("ann", 1)]) == "H")
            #expect(try await bench.settle(Self.ids).decision == [.released, .unknown])
            let before = try await bench.snapshot()
            #expect(try await bench.settle(Self.ids).decision == [.unknown, .unknown])
            #expect(try await bench.snapshot().sequence == before.sequence)
            #expect(try await bench.letters(Self.batch) == "OO")
            #expect(try await bench.purchase(id(1), id(2)) == [.unknown, .unknown])
        }
    }

    @Test func `at a later epoch the batch itself is refused, and nothing has to be remembered`() async throws {
        try await withRedis { client in
            var bench = try await SaleBench.open(client)
            let late = bench.checkoutCommand([attempt("bob", 2)])
            #expect(try await bench.letters([attempt("ann", 1)]) == "H")
            #expect(try await bench.settle([id(5)]).decision == [.unknown])
            _ = try await bench.fence(8)
            bench.epoch = 8
            #expect(try await bench.restore(RestoreCall.adopt(keys: bench.keys, epoch: 8, keysEpoch: 7)) == .done)
            #expect(try await bench.settled() == 0, "those of the epoch before are forgotten")
            #expect(try await bench.settle(Self.ids, sentAt: 7).decision == [.released, .unknown])
            #expect(try await bench.settled() == 0)
            #expect(try CheckoutCall.parse(try await client.sendRaw(late), count: 1).status == .wrongEpoch)
            #expect(try await bench.snapshot().held == 0)
        }
    }

    @Test func `what was settled is forgotten after its time, and never too much is remembered`() async throws {
        try await withRedis { client in
            let clock = try await frozenTime(client)
            let bench = try await SaleBench.open(client, clock: clock, closesAfter: 36_000_000)
            #expect(try await bench.settle(Self.ids).decision == [.unknown, .unknown])
            try await bench.setClock(clock.adding(milliseconds: SaleModel.settledFor - 1))
            _ = try await bench.expire()
            #expect(try await bench.settled() == 2)
            try await bench.setClock(clock.adding(milliseconds: SaleModel.settledFor))
            _ = try await bench.expire()
            #expect(try await bench.settled() == 0)
            #expect(try await bench.letters(Self.batch) == "HH")
            for block in 0..<12 {
                let first = UInt64(1000 * (block + 1))
                #expect(try await bench.settle((first..<first + 1000).map(id)).status == .decided)
                try await bench.setClock(clock.adding(milliseconds: SaleModel.settledFor + Int64(block) + 1))
            }
            #expect(try await bench.settled() == SaleModel.mostSettled)
            #expect(try await bench.letters([attempt("ann", 1001)]) == "H", "the oldest went first")
            #expect(try await bench.letters([attempt("ann", 12_001)]) == "O")
        }
    }

    @Test func `a hold whose code an Idempotency-Key chose is never settled`() async throws {
        try await withRedis { client in
            let bench = try await SaleBench.open(client)
            #expect(try await bench.letters([attempt("ann", 1, keyed: true), attempt("ann", 2)], flags: true) == "HH")
            let before = try await bench.everything()
            let error = await #expect(throws: RedisError.self) { try await bench.settle(Self.ids) }
            #expect(error?.code == .server("ERR"))
            #expect(try await bench.everything() == before)
            #expect(try await bench.letters([attempt("ann", 1, keyed: true)]) == "h")
        }
    }

    @Test func `of what is bought nothing is settled`() async throws {
        try await withRedis { client in
            let bench = try await SaleBench.open(client)
            #expect(try await bench.letters(Self.batch) == "HH")
            #expect(try await bench.purchase(id(1)) == [.purchased])
            #expect(try await bench.settle(Self.ids).decision == [.alreadyPurchased, .released])
            #expect(try await bench.snapshot().sold == 1)
            #expect(try await bench.purchase(id(1)) == [.alreadyPurchased])
        }
    }

    /// Redis is stopped with the batch in the buffer of a socket; the other connection settles as soon as it goes on.
    @Test func `a batch from the buffer of a socket leaves no unit without a code, whichever comes first`()
        async throws
    {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let sale = try await shop.openSale(stock: 50, limit: 1)
            var seen: Set<Bool> = []
            for round in 0..<6 {
                let bench = SaleBench(client: shop.redis, keys: sale.keys, epoch: sale.epoch, terms: sale.sale.terms)
                let first = try await Shop.connectRedis(shop.stack)
                let second = try await Shop.connectRedis(shop.stack)
                let number = UInt64(round + 1)
                let batch = bench.checkoutCommand([attempt("ann", number)])
                let settle = bench.settleCommand([id(number)], sentAt: sale.epoch)
                // With a socket each, Redis reads them in any order.
                let clients = round % 2 == 0 ? (first, second) : (second, first)
                try await shop.stack.pauseRedis()
                async let held = clients.0.sendRaw(batch)
                async let released = clients.1.sendRaw(settle)
                try await Task.sleep(for: .milliseconds(100))
                shop.stack.resumeRedis()
                let letter = try CheckoutCall.parse(try await held, count: 1).decision?.letter(at: 0)
                let outcome = try ReleaseCall.parse(try await released, count: 1).decision
                seen.insert(letter == Outcome.held.rawValue)
                #expect(
                    letter == Outcome.held.rawValue && outcome == [.released]
                        || letter == Outcome.notDecidedLetter && outcome == [.unknown]
                )
                #expect(try await sale.snapshot().held == 0)
                #expect(try await bench.letters([attempt("ann", 1000 + number)]) == "H")
                #expect(try await bench.release([id(1000 + number)]).decision == [.released])
                await first.close()
                await second.close()
            }
            try await sale.drainLedger()
            try await sale.drainAttempts()
            let report = try await Verification(redis: shop.redis, postgres: shop.postgres).run(sale.id)
            #expect(report.findings.map(\.sentence) == [])
            #expect(!seen.isEmpty)
        }
    }

    @Test func `verify knows settled holds, also in the journal and after a rebuild`() async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let sale = try await shop.openSale(stock: 5)
            let bench = SaleBench(client: shop.redis, keys: sale.keys, epoch: sale.epoch, terms: sale.sale.terms)
            #expect(try await bench.letters(Self.batch) == "HH")
            #expect(try await bench.settle([id(1), id(77)]).decision == [.released, .unknown])
            let verification = Verification(redis: shop.redis, postgres: shop.postgres)
            #expect(try await verification.run(sale.id).findings.map(\.sentence) == [], "from the journal")
            try await sale.drainLedger()
            try await sale.drainAttempts()
            #expect(try await verification.run(sale.id).findings.map(\.sentence) == [], "from Postgres")
            // A unit of which nobody has the code.
            _ = try await shop.redis.send(RedisCommand("ZADD", sale.keys.settled, "1", id(2).description))
            let found = try await verification.run(sale.id).findings.map(\.sentence)
            #expect(found.count == 1 && found[0].contains("\(id(2)) of user 'bob'"))
            _ = try await shop.redis.send(RedisCommand("UNLINK", sale.keys.users))
            let rebuilt = try await sale.validated()
            #expect(try await verification.run(sale.id).findings.map(\.sentence) == [])
            let after = try await rebuilt.snapshot()
            #expect(after.held == 1 && after.free == 4)
            #expect(try await shop.redis.send(RedisCommand("EXISTS", sale.keys.settled)).integerValue == 0)
        }
    }
}

extension SaleBench {
    func settleCommand(_ ids: [HoldID], sentAt batchEpoch: Int64? = nil) -> RedisCommand {
        ReleaseCall.command(keys: keys, epoch: epoch, holdIDs: ids, settling: batchEpoch ?? epoch)
    }

    func settle(_ ids: [HoldID], sentAt batchEpoch: Int64? = nil) async throws -> ReleaseCall.Reply {
        try ReleaseCall.parse(try await client.sendRaw(settleCommand(ids, sentAt: batchEpoch)), count: ids.count)
    }

    /// Settled holds that are remembered.
    func settled() async throws -> Int {
        Int(try await client.send(RedisCommand("ZCARD", keys.settled)).integerValue ?? 0)
    }
}
