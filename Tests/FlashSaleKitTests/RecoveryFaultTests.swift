import Foundation
import Testing

@testable import FlashSaleKit

/// What stands in the way of a recovery: no memory, processes that stand still, damage that nobody sees.
@Suite(.serialized) struct RecoveryFaultTests {
    private func validate(_ shop: Shop, suspects: [SaleID: Int64] = [:]) async throws -> ValidatedRedis {
        try await Handshake(redis: shop.redis, postgres: shop.postgres, suspects: suspects).validate()
    }

    /// Drains are what frees its memory: it must come back first.
    @Test(arguments: [false, true]) func aRedisWithoutMemoryComesBack(emptied: Bool) async throws {
        try await Shop.with { shop in
            _ = try await validate(shop)
            let open = try await shop.openSale()
            let holds = try await open.checkout(["anna"], expect: "H")
            try await open.drainLedger()
            if emptied { _ = try await shop.redis.send(RedisCommand("FLUSHALL")) }
            try await shop.stack.stopRedis()
            try await shop.stack.startRedis(settings: ["maxmemory": "1"])
            let back = try await shop.anotherProcess()
            let refused = try await back.redis.sendRaw(RedisCommand("SET", "x", "1"))
            guard case .error(let text) = refused, text.hasPrefix("OOM") else {
                throw ShopError("Redis has memory: \(refused)")
            }
            let sale = try await open.validated(back)
            #expect(try await sale.purchase(holds) == [.purchased])
        }
    }

    /// Postgres has no timeout for a client that stops in the middle of COPY.
    @Test func aDrainThatStandsStillInCopyHoldsUpNoRecovery() async throws {
        try await Shop.with { shop in
            _ = try await validate(shop)
            let open = try await shop.openSale()
            try await open.checkout(["anna"], expect: "H")
            _ = try await shop.redis.send(RedisCommand("DEL", open.keys.users))
            let stopped = try StoppedDrain(of: open)
            defer { stopped.end() }
            try await stopped.waitUntilItHoldsTheCursor()
            let rebuilt = try await open.validated()
            #expect(try await shop.count("select count(*) from attempts") == 1)
            #expect(try await rebuilt.snapshot().held == 1)
        }
    }

    @Test func aDrainThatStandsStillInCopyHoldsUpNoOther() async throws {
        try await Shop.with { shop in
            _ = try await validate(shop)
            let open = try await shop.openSale()
            try await open.checkout(["anna"], expect: "H")
            let stopped = try StoppedDrain(of: open)
            defer { stopped.end() }
            try await stopped.waitUntilItHoldsTheCursor()
            #expect(try await open.drainAttempts().rows == 1)
        }
    }

    /// A counter that is too low is seen by the script that gives the unit back, and by nobody before.
    @Test func whatOnlyAScriptSeesIsRebuiltAsWell() async throws {
        try await Shop.with { shop in
            _ = try await validate(shop)
            let (open, other) = (try await shop.openSale(opensAgo: 120_000), try await shop.openSale())
            let holds = try await open.checkout(["anna"], expect: "H")
            _ = try await shop.redis.send(RedisCommand("HSET", open.keys.users, "anna", "0"))
            #expect(try await validate(shop).epochs[open.id] == open.epoch, "from outside it looks whole")
            #expect(try await open.release(holds) == [])
            let late = try await validate(shop, suspects: [open.id: open.epoch - 1])
            #expect(late.epochs[open.id] == open.epoch, "what was true of an older epoch is over")
            let validated = try await validate(shop, suspects: [open.id: open.epoch])
            #expect(validated.epochs[other.id] == other.epoch)
            let epoch = try #require(validated.epochs[open.id])
            #expect(epoch > open.epoch)
            let rebuilt = OpenSale(shop: shop, sale: open.sale, epoch: epoch)
            #expect(try await rebuilt.release(holds) == [.released])
            #expect(try await validate(shop, suspects: [open.id: open.epoch]) == validated, "once is enough")
        }
    }

    /// Whatever is wrong with one sale, the others sell.
    @Test(arguments: ["no partition", "no cursor"])
    func aSaleThatCannotBeRecoveredStopsNoOther(kind: String) async throws {
        try await Shop.with { shop in
            _ = try await validate(shop)
            let (broken, fine) = (try await shop.openSale(opensAgo: 120_000), try await shop.openSale())
            try await broken.checkout(["anna"], expect: "H")
            let statement: SQL =
                kind == "no partition"
                ? "drop table \(identifier: AttemptsBatch.partition(of: broken.id))"
                : "delete from journal_cursor where sale_id = \(literal: broken.id.rawValue) and stream = 'attempts'"
            _ = try await shop.postgres.query(statement)
            _ = try await shop.redis.send(RedisCommand("FLUSHDB"))
            try await broken.pushAttempts(Array("anna\t1\n".utf8), letters: "S", count: 1)
            let validated = try await validate(shop)
            #expect(validated.shut.keys.sorted() == [broken.id], "\(validated)")
            #expect(validated.epochs.keys.sorted() == [fine.id])
            #expect(try await validate(shop) == validated)
            let rebuilt = OpenSale(shop: shop, sale: fine.sale, epoch: try #require(validated.epochs[fine.id]))
            try await rebuilt.checkout(["bob"], expect: "H")
        }
    }

    /// What Redis cannot do at the moment says nothing about the records of a sale.
    @Test func aTroubleThatPassesShutsNoSale() async throws {
        try await Shop.with { shop in
            _ = try await validate(shop)
            let (first, second) = (try await shop.openSale(opensAgo: 120_000), try await shop.openSale())
            for sale in [first, second] { _ = try await shop.redis.send(RedisCommand("DEL", sale.keys.users)) }
            let socket = shop.stack.redisSocket
            let interrupted = Handshake(redis: shop.redis, postgres: shop.postgres) { _ in flushScripts(socket) }
            let error = await #expect(throws: RedisError.self) { _ = try await interrupted.validate() }
            #expect(error?.code == .noScript)
            let validated = try await validate(shop)
            #expect(validated.shut.isEmpty)
            #expect(validated.epochs.keys.sorted() == [first.id, second.id])
            #expect(try await shop.count("select count(*) from recoveries where kind = 'refused'") == 0)
            let sale = OpenSale(shop: shop, sale: second.sale, epoch: try #require(validated.epochs[second.id]))
            try await sale.checkout(["bob"], expect: "H")
        }
    }

    /// Five thousand rows are read at once.
    @Test func moreRowsThanOnePortionAreRestored() async throws {
        try await Shop.with { shop in
            _ = try await validate(shop)
            let open = try await shop.openSale(stock: 20_000)
            for batch in 0..<21 {
                let holds = try await open.checkout((0..<500).map { "user\(batch)-\($0)" })
                if batch < 11 { try await open.purchase(holds) }
            }
            try await open.drainLedger()
            _ = try await shop.redis.send(RedisCommand("FLUSHALL"))
            let snapshot = try await open.validated().snapshot()
            #expect((snapshot.free, snapshot.held, snapshot.sold) == (9500, 5000, 5500))
            #expect(snapshot.isConsistent)
        }
    }
}

/// Lets Redis forget all scripts before it returns.
private func flushScripts(_ socket: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["redis-cli", "-s", socket, "script", "flush"]
    process.standardOutput = FileHandle.nullDevice
    do {
        try process.run()
        process.waitUntilExit()
    } catch {
        Issue.record(error)
    }
}

/// A process that holds the cursor of the attempts and stands still in the middle of its COPY.
private struct StoppedDrain {
    private let sale: OpenSale
    private let process = Process()
    private let input = Pipe()

    init(of sale: OpenSale) throws {
        self.sale = sale
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["psql", "--no-psqlrc", "--quiet", sale.shop.stack.postgresURL]
        process.environment = ProcessInfo.processInfo.environment.merging(["PGAPPNAME": "flashctl"]) { $1 }
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let script = """
            begin;
            select 1 from journal_cursor where sale_id = \(sale.id) and stream = 'attempts' for update;
            copy \(AttemptsBatch.partition(of: sale.id)) from stdin;

            """
        try input.fileHandleForWriting.write(contentsOf: Data(script.utf8))
    }

    func waitUntilItHoldsTheCursor() async throws {
        let copying: SQL =
            "select count(*) from pg_stat_activity where query like 'copy attempts_s%' and state = 'active'"
        try await eventually("the COPY of psql") { try await sale.shop.count(copying) == 1 }
    }

    func end() {
        kill(process.processIdentifier, SIGKILL)
    }
}
