import Synchronization
import Testing

@testable import FlashSaleKit

/// A recount of millions of rows takes longer than a recovery, a rotation or a trim: none of them is a fault.
@Suite(.serialized) struct VerifyMovingTests {
    /// A recount during which something happens between the reading of Postgres and that of Redis: every time, or at
    /// the first look only.
    private func verify(
        _ open: OpenSale,
        always: Bool = false,
        _ happening: @escaping @Sendable () async throws -> Void
    ) async throws -> VerificationReport {
        let shop = open.shop
        let looks = Mutex(0)
        var verification = Verification(redis: shop.redis, postgres: shop.postgres, patience: .zero)
        verification.between = {
            let look = looks.withLock { looks in
                looks += 1
                return looks
            }
            if always || look == 1 { try await happening() }
        }
        return try await verification.run(open.id)
    }

    /// A sale of which everything is drained.
    private func drained(_ shop: Shop) async throws -> OpenSale {
        _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
        let open = try await shop.openSale(stock: 20)
        let holds = try await open.checkout(["anna", "bob", "carl"], expect: "HHH")
        try await open.purchase([holds[0]])
        try await open.release([holds[1]])
        try await open.drainLedger()
        try await open.drainAttempts()
        return open
    }

    private func recover(_ shop: Shop) async throws {
        _ = try await shop.redis.send(RedisCommand("FLUSHALL"))
        _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
    }

    @Test func aRecoveryWhileItCountsIsNoFault() async throws {
        try await Shop.with { shop in
            let open = try await drained(shop)
            let report = try await verify(open) { try await recover(shop) }
            #expect(report.findings.map(\.sentence) == [])
            #expect(report.standing == .compared, "the second look sees what the recovery has made")
        }
    }

    @Test func recoveriesWithoutEndAreLeftToLater() async throws {
        try await Shop.with { shop in
            let open = try await drained(shop)
            let report = try await verify(open, always: true) { try await recover(shop) }
            #expect(report.findings.map(\.sentence) == [])
            guard case .recovering(let why) = report.standing else {
                Issue.record("\(report.standing)")
                return
            }
            #expect(why.contains("sale \(open.id)") && why.contains("while it was counted"))
        }
    }

    /// What is drained and trimmed meanwhile is behind the cursor of now, though not behind that of the recount.
    @Test(arguments: [false, true]) func aTrimWhileItCountsIsNoFault(always: Bool) async throws {
        try await Shop.with { shop in
            let open = try await drained(shop)
            let report = try await verify(open, always: always) {
                try await open.checkout(["dora"], expect: "H")
                try await open.drainLedger()
                try await open.drainAttempts()
                for stream in JournalStream.allCases {
                    let cursor = try await JournalCursor.load(open.id, stream, from: shop.postgres)
                    let place = cursor.lastID.description
                    _ = try await shop.redis.send(RedisCommand("HSET", open.keys.sale, stream.trimmedField, place))
                    _ = try await shop.redis.send(RedisCommand("XTRIM", stream.key(open.keys), "MINID", place))
                }
            }
            #expect(report.findings.map(\.sentence) == [])
            if always {
                guard case .recovering = report.standing else {
                    Issue.record("\(report.standing)")
                    return
                }
            } else {
                #expect(report.standing == .compared)
            }
        }
    }

    /// Trimmed past where Postgres is now: those entries are gone.
    @Test func aTrimPastTheCursorIsFoundAllTheSame() async throws {
        try await Shop.with { shop in
            let open = try await drained(shop)
            let report = try await verify(open) {
                _ = try await shop.redis.send(
                    RedisCommand("HSET", open.keys.sale, "trimmed_to_ledger", "99999999999999-0")
                )
            }
            #expect(
                report.findings.contains { $0.sentence.contains("but the journal was trimmed to 99999999999999-0") }
            )
        }
    }

    @Test func aSaleThatIsFinishedMeanwhileIsCountedInPostgres() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale(stock: 20)
            let holds = try await open.checkout(["anna", "bob"], expect: "HH")
            try await open.purchase([holds[0]])
            try await open.release([holds[1]])
            let report = try await verify(open) {
                try await open.end()
                let rotation = Rotation(redis: shop.redis, postgres: shop.postgres, hourly: HourlyTerms())
                #expect(try await rotation.run().finished.contains(open.id))
                _ = try await shop.redis.send(
                    RedisCommand(parts: ["UNLINK"] + open.keys.all.map(RedisArgument.string))
                )
            }
            #expect(report.findings.map(\.sentence) == [])
            #expect(report.standing == .finished)
        }
    }

    /// A sale with 120,000 rows is given twelve seconds more than the minute.
    @Test func aLargeRebuildGivesItsHoldsMoreTime() {
        var recount = PostgresRecount(SaleBench.saleID(1))
        let started: Int64 = 1_000_000_000_000
        recount.recoveries = [
            PostgresRecount.Recovery(
                epoch: 7,
                rebuilt: true,
                ledgerSeq: 1,
                attemptsSeq: 1,
                started: started,
                completed: started + 2_000_000
            )
        ]
        let late = started + 72_000_000
        func isExtended(_ deadline: Int64, epoch: Int64 = 6) -> Bool {
            Comparison(Evidence(recount)).isExtended(deadline, beyond: started + 1_000_000, epoch: epoch)
        }
        #expect(!isExtended(late), "few rows take no time")
        recount.fold.begun = 120_000
        #expect(isExtended(late))
        #expect(!isExtended(late, epoch: 7), "held after the rebuild")
        #expect(!isExtended(late + 10_000_000), "nobody gave it that much")
    }
}
