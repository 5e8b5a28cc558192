import Foundation
import Testing

@testable import FlashSaleKit

/// Corruptions made by hand, each on a sale that really sold: every one must be found and named. `FLASHCTL_SEED`
/// repeats a run.
@Suite(.serialized) struct VerifyTests {
    static let seed =
        ProcessInfo.processInfo.environment["FLASHCTL_SEED"].flatMap(UInt64.init)
        ?? UInt64.random(in: 1...1_000_000_000)

    static let groups: [(name: String, corruptions: [Corruption])] = [
        ("purchases", Corruption.inPurchases), ("ledger", Corruption.inLedger), ("attempts", Corruption.inAttempts),
        ("holds", Corruption.inHolds), ("receipts", Corruption.inReceipts), ("counters", Corruption.inCounters),
        ("epochs", Corruption.inEpochs), ("cursors", Corruption.inCursors),
    ]

    @Test(arguments: groups.indices) func everyCorruptionIsFoundAndNamed(group: Int) async throws {
        try await Shop.with { shop in
            for (number, corruption) in VerifyTests.groups[group].corruptions.enumerated() {
                var random = SeededGenerator(seed: VerifyTests.seed &+ UInt64(100 * group + number))
                let market = try await VerifyMarket.make(shop, number)
                let before = try await market.verify()
                #expect(before.findings.map(\.sentence) == [], "\(corruption.name): clean")
                let clue = try await corruption.apply(market, &random)
                let report = try await market.verify()
                let named = corruption.kinds.contains { kind in
                    report.invariant(kind)?.findings.contains { $0.sentence.contains(clue) } ?? false
                }
                let found = report.findings.map(\.sentence).joined(separator: "\n")
                #expect(named, "seed \(VerifyTests.seed), \(corruption.name): '\(clue)' is not among\n\(found)")
                #expect(report.findings.allSatisfy { $0.sentence.contains("; next step: ") })
                #expect(report.violations >= report.findings.count)
                let neighbour = try await Verification(redis: shop.redis, postgres: shop.postgres).run(market.other.id)
                if !corruption.name.contains("another sale") {
                    #expect(neighbour.violations == 0, "\(corruption.name): \(neighbour.findings.map(\.sentence))")
                }
            }
        }
    }

    @Test func thereAreMoreThanTwentyOfThem() {
        let names = VerifyTests.groups.flatMap(\.corruptions).map(\.name)
        #expect(names.count >= 50)
        #expect(Set(names).count == names.count)
    }

    @Test func aSaleWithoutAnythingIsClean() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale()
            let verification = Verification(redis: shop.redis, postgres: shop.postgres)
            let report = try await verification.run(open.id)
            #expect(report.findings.map(\.sentence) == [])
            #expect(report.standing == .compared)
            #expect(try await verification.openSales() == [open.id])
            // Drained or not makes no difference.
            try await open.drainLedger()
            #expect(try await verification.run(open.id).violations == 0)
            #expect(report.invariant(.units)?.figures.contains { $0.name == "free" && $0.value == 100 } == true)
            await #expect(throws: ScheduleError.self) { try await verification.run(SaleBench.saleID(99)) }
        }
    }

    @Test func aSaleThatWasNotOpenedHasNothingToCompare() async throws {
        try await Shop.with { shop in
            let sale = try await shop.store.seed(Shop.terms(now: try await shop.store.now())).sale
            let report = try await Verification(redis: shop.redis, postgres: shop.postgres).run(sale.id)
            #expect(report.standing == .unopened)
            #expect(report.violations == 0)
        }
    }

    @Test func aSaleThatIsRecoveredIsLeftToLater() async throws {
        try await Shop.with { shop in
            let market = try await VerifyMarket.make(shop, 0)
            try await market.send("HSET", market.open.keys.sale, "state", "recovering")
            let report = try await market.verify()
            guard case .recovering(let why) = report.standing else {
                Issue.record("\(report.standing)")
                return
            }
            #expect(why.contains("sale \(market.open.id)"))
            #expect(report.violations == 0)
            // What Postgres lacks is told all the same.
            try await market.force("delete from purchases where sale_id = \(market.open.id) and unit = 2")
            #expect(try await market.verify().findings.contains { $0.unit == 2 })
        }
    }

    @Test func itWaitsForARecoveryThatEnds() async throws {
        try await Shop.with { shop in
            let market = try await VerifyMarket.make(shop, 0)
            try await market.send("HSET", market.open.keys.sale, "state", "recovering")
            async let report = Verification(redis: shop.redis, postgres: shop.postgres, patience: TestPatience.limit)
                .run(market.open.id)
            try await Task.sleep(for: .milliseconds(300))
            try await market.send("HSET", market.open.keys.sale, "state", "open")
            #expect(try await report.standing == .compared)
            #expect(try await report.violations == 0)
        }
    }

    @Test func aFinishedSaleIsCountedInPostgresAlone() async throws {
        try await Shop.with { shop in
            let market = try await VerifyMarket.make(shop, 0)
            let holds = try await market.pick(market.open.keys.holds)
            for hold in holds { try await market.open.lapse(hold) }
            try await market.open.end()
            let rotation = Rotation(redis: shop.redis, postgres: shop.postgres, hourly: HourlyTerms())
            #expect(try await rotation.run().finished.contains(market.open.id))
            _ = try await shop.redis.send(
                RedisCommand(parts: ["UNLINK"] + market.open.keys.all.map(RedisArgument.string))
            )
            let report = try await market.verify()
            #expect(report.standing == .finished)
            #expect(report.findings.map(\.sentence) == [])
            #expect(report.invariant(.summary)?.figures.contains { $0.name == "purchases" } == true)
            try await market.force(
                """
                update sales set summary = summary || '{"purchases": 9999}' where id = \(market.open.id)
                """
            )
            let wrong = try await market.verify()
            #expect(wrong.invariant(.summary)?.violations == 1)
            #expect(wrong.findings.first?.sentence.contains("says purchases 9999, recorded are") == true)
        }
    }

    /// A sale too large for one reading is read in pieces; what is found twice counts.
    @Test func aLargeSaleIsReadInPieces() async throws {
        try await Shop.with { shop in
            let market = try await VerifyMarket.make(shop, 0)
            var verification = Verification(redis: shop.redis, postgres: shop.postgres, patience: .zero)
            verification.atOnce = 3
            #expect(try await verification.run(market.open.id).findings.map(\.sentence) == [])
            var random = SeededGenerator(seed: VerifyTests.seed)
            let victim = try await market.pickField(market.open.keys.holds, &random)
            try await market.send("HDEL", market.open.keys.holds, victim.field)
            let report = try await verification.run(market.open.id)
            #expect(
                report.invariant(.holds)?.findings.contains { "\($0.holdID?.description ?? "")" == victim.field }
                    == true
            )
            #expect(report.invariant(.deadlines)?.violations == 1)
        }
    }

    @Test func aQuickRecountLooksAtAttemptsOnlyWhenTheyAreFew() async throws {
        try await Shop.with { shop in
            let market = try await VerifyMarket.make(shop, 0)
            #expect(try await market.verify(.quick).invariant(.attemptsOnce) != nil)
            try await market.force(
                """
                update journal_cursor set drained_rows = 1000000
                where sale_id = \(market.open.id) and stream = 'attempts'
                """
            )
            let report = try await market.verify(.quick)
            #expect(report.invariant(.attemptsOnce) == nil)
            #expect(report.findings.map(\.sentence) == [])
        }
    }
}

extension VerifyMarket {
    /// The open holds.
    func pick(_ key: String) async throws -> [HoldID] {
        let names = try await shop.redis.send(RedisCommand("HKEYS", key)).elements ?? []
        return names.compactMap { $0.bytes.flatMap { HoldID(hex: $0) } }
    }
}
