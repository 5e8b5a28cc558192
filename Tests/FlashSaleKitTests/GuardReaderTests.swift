import Foundation
import NIOPosix
import Testing

@testable import FlashSaleKit

/// The checks, against real stores that are as they should be, and as they should not.
@Suite(.serialized) struct GuardReaderTests {
    private static func reader(
        _ shop: Shop,
        shift: Int64 = 0,
        _ change: (inout GuardOptions) -> Void = { _ in }
    ) -> GuardReader {
        var options = GuardOptions(hostClock: {
            Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1e6) + shift)
        })
        change(&options)
        let stack = shop.stack
        return GuardReader(
            options: options,
            redis: { try await Shop.connectRedis(stack) },
            postgres: { try await Shop.connectPostgres(stack) }
        )
    }

    /// Stores of which nothing is to be said, besides that nobody drains.
    private func withShop(_ body: @Sendable (Shop, OpenSale) async throws -> Void) async throws {
        try await Shop.with { shop in
            _ = try await shop.redis.send(RedisCommand("CONFIG", "SET", "maxmemory", "1gb"))
            let sale = try await shop.openSale()
            try await sale.drainLedger()
            try await body(shop, sale)
        }
    }

    @Test func `stores that are as they should be have no findings but those of the test stack`() async throws {
        try await withShop { shop, _ in
            let report = await GuardReaderTests.reader(shop).read()
            // The stack of the tests does not wait for the disk.
            #expect(report.findings.map(\.name) == [.durability], "\(report.findings)")
            #expect(report.checks.map(\.name) == GuardCheck.Name.allCases)
            #expect(report.reachedRedis && report.reachedPostgres)
            #expect(report.deadLetters == 0 && report.recoveries != nil)
            #expect(report.skew.pairs.count == 3 && report.skew.violation == nil)
            #expect(report[.appendOnlyFile]?.sentence.contains("up to 2 seconds") == true)
            #expect(report.checks.allSatisfy { ($0.level == .ok) == ($0.nextStep == nil) })
        }
    }

    @Test(arguments: [
        ("maxmemory-policy", "allkeys-lru", GuardCheck.Name.evictionPolicy, GuardCheck.Level.critical, "allkeys-lru"),
        ("appendonly", "no", .appendOnlyFile, .critical, "everything since its last snapshot"),
        ("appendfsync", "no", .appendOnlyFile, .warning, "kernel had not written"),
        ("maxmemory", "0", .memory, .warning, "no maxmemory"),
        ("maxmemory", "100", .memory, .critical, "refused with 503"),
    ])
    func `a setting of Redis is found`(
        setting: String,
        value: String,
        name: GuardCheck.Name,
        level: GuardCheck.Level,
        words: String
    ) async throws {
        try await withShop { shop, _ in
            _ = try await shop.redis.send(RedisCommand("CONFIG", "SET", setting, value))
            let check = try #require(await GuardReaderTests.reader(shop).read()[name])
            #expect(check.level == level)
            #expect(check.sentence.contains(words), "\(check.sentence)")
            #expect(check.nextStep != nil)
        }
    }

    @Test func `a Redis without append-only file is a warning for those who accept it`() async throws {
        try await withShop { shop, _ in
            _ = try await shop.redis.send(RedisCommand("CONFIG", "SET", "appendonly", "no"))
            let report = await GuardReaderTests.reader(shop) { $0.allowNoAOF = true }.read()
            #expect(report[.appendOnlyFile]?.level == .warning)
        }
    }

    @Test func `a replica is no store`() async throws {
        try await withShop { shop, _ in
            _ = try await shop.redis.send(RedisCommand("REPLICAOF", "127.0.0.1", "1"))
            let report = await GuardReaderTests.reader(shop).read()
            #expect(report[.role]?.level == .critical)
            #expect(report[.role]?.nextStep?.contains("master") == true)
        }
    }

    @Test(arguments: [(Int64(3_000_000), GuardCheck.Level.critical), (-3_000_000, .critical), (1_000_000, .warning)])
    func `a host whose clock is wrong is found`(shift: Int64, level: GuardCheck.Level) async throws {
        try await withShop { shop, _ in
            let report = await GuardReaderTests.reader(shop, shift: shift).read()
            #expect(report[.clocks]?.level == level, "\(String(describing: report[.clocks]))")
            #expect((report.skew.violation != nil) == (level == .critical))
            if level == .critical { #expect(report.skew.violation?.second == "this host") }
        }
    }

    @Test func `dead letters are counted until they are repaired`() async throws {
        try await withShop { shop, sale in
            try await sale.pushAttempts(Array("ann\t99999999999999999999\n".utf8), letters: "S", count: 1)
            try await sale.drainAttempts()
            let reader = GuardReaderTests.reader(shop)
            let found = await reader.read()
            #expect(found.deadLetters == 1)
            #expect(found[.deadLetters]?.level == .critical)
            #expect(found[.deadLetters]?.sentence.contains("1 row waits in dead_letter: 1 of sale \(sale.id)") == true)
            _ = try await shop.postgres.query("update dead_letter set repaired_at = now()")
            #expect(await reader.read()[.deadLetters]?.level == .ok)
        }
    }

    @Test func `a journal that nobody drains is found by its age and its size`() async throws {
        try await withShop { shop, sale in
            try await sale.checkout(["ann", "bob"])
            #expect(await GuardReaderTests.reader(shop).read()[.attemptsLag]?.level == .ok)
            let small = await GuardReaderTests.reader(shop) { $0.backlogBytes = 10 }.read()
            #expect(small[.attemptsLag]?.level == .critical)
            #expect(small.lags.map(\.entries) == [1, 1])
            // An entry from long ago.
            _ = try await shop.redis.send(RedisCommand("DEL", sale.keys.attempts))
            let old = try await RedisTime.read(shop.redis).microseconds / 1000 - 20_000
            _ = try await shop.redis.send(RedisCommand("XADD", sale.keys.attempts, "\(old)-0", "a", "b"))
            #expect(await GuardReaderTests.reader(shop).read()[.attemptsLag]?.level == .warning)
        }
    }

    @Test func `a sale whose keys are lost is found`() async throws {
        try await withShop { shop, sale in
            _ = try await shop.redis.send(RedisCommand("DEL", sale.keys.holds))
            let check = try #require(await GuardReaderTests.reader(shop).read()[.sales])
            #expect(check.level == .critical)
            #expect(check.sentence.contains("sale \(sale.id)"))
        }
    }

    @Test func `when one store is away the other one is checked`() async throws {
        try await withShop { shop, _ in
            let reader = GuardReaderTests.reader(shop)
            try await shop.stack.stopRedis()
            let withoutRedis = await reader.read()
            #expect(!withoutRedis.reachedRedis && withoutRedis.reachedPostgres)
            #expect(withoutRedis[.redis]?.level == .critical)
            #expect(withoutRedis[.deadLetters]?.level == .ok)
            #expect(withoutRedis.skew.pairs.map(\.first) == ["Postgres"])
            try await shop.stack.startRedis()
            try await shop.stack.stopPostgres()
            let withoutPostgres = await reader.read()
            #expect(withoutPostgres.reachedRedis && !withoutPostgres.reachedPostgres)
            #expect(withoutPostgres[.postgres]?.level == .critical)
            #expect(withoutPostgres[.evictionPolicy]?.level == .ok)
            #expect(withoutPostgres.deadLetters == nil && withoutPostgres.recoveries == nil)
            try await shop.stack.stopRedis()
            let nothing = await reader.read()
            #expect(nothing[.clocks]?.level == .warning && nothing.skew.worst == nil)
            try await shop.stack.startPostgres()
        }
    }

    @Test func `a database without our schema is found`() async throws {
        try await withShop { shop, _ in
            _ = try await shop.postgres.query("create database empty")
            let stack = shop.stack
            let reader = GuardReader(
                options: GuardOptions(hostClock: { Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) }
                ),
                redis: { try await Shop.connectRedis(stack) },
                postgres: { try await Shop.connectPostgres(stack, database: "empty") }
            )
            let report = await reader.read()
            #expect(report[.schema]?.level == .critical)
            #expect(report[.schema]?.nextStep?.contains("flashctl migrate") == true)
            #expect(report[.postgres]?.level == .ok)
        }
    }
}
