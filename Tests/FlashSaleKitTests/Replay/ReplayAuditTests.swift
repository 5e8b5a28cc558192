import Testing

@testable import FlashSaleKit

/// Records that the scripts have made follow from the rules, whatever has happened to the sale.
@Suite(.serialized) struct ReplayAuditTests {
    /// Random operations on the real scripts, drained into the real Postgres.
    @Test func randomSalesShowNoDivergence() async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            for seed in ScriptModelTests.seeds {
                var random = SeededGenerator(seed: seed)
                let open = try await randomSale(shop, &random)
                let bench = SaleBench(client: shop.redis, keys: open.keys, epoch: open.epoch, terms: open.sale.terms)
                try await bench.setClock(frozenTime(shop.redis))
                var run = try await ModelRun(bench, seed: seed, random, drainable: true)
                let name = "FLASHCTL_SEED=\(seed)"
                try await run.run(steps: 40)
                // Of a live sale one stream is ahead of the other: what stands above is not judged yet.
                if seed.isMultiple(of: 2) { try await open.drainLedger() } else { try await open.drainAttempts() }
                #expect(try await audit(open).divergence == nil, "\(name), half drained")
                try await run.run(steps: 40)
                try await open.drainLedger()
                try await open.drainAttempts()
                let audit = try await audit(open)
                #expect(audit.divergence == nil, "\(name): \(audit.divergence?.sentence ?? "")")
                #expect([audit.free, audit.held, audit.sold] == [run.model.free, run.model.held, run.model.sold])
                #expect(audit.last.seq == run.model.sequence, "\(name): nothing is left out")
                #expect(audit.waiting == ReplayTotals(), "\(name)")
                let record = try await SaleRecord.read(open.id, from: shop.postgres)
                #expect(audit.totals.outcomes.filter { $0.value > 0 } == record.outcomes, "\(name)")
                #expect(audit.totals.count(.held) == record.held && audit.totals.count(.expired) == record.expired)
                #expect(audit.totals.unjudged == 0)
            }
        }
    }

    private func randomSale(_ shop: Shop, _ random: inout SeededGenerator) async throws -> OpenSale {
        try await shop.openSale(
            stock: Int.random(in: 1...12, using: &random),
            limit: Int.random(in: 1...5, using: &random),
            holdMilliseconds: Int64.random(in: 1000...3000, using: &random),
            opensAgo: Int64.random(in: 60_000...50_000_000, using: &random),
            closesIn: 2 * 86_400_000
        )
    }

    private func audit(_ open: OpenSale) async throws -> ReplayAudit {
        let row = try #require(try await open.shop.store.find(open.id))
        return try await ReplayAudit.run(row, on: open.shop.postgres)
    }

    /// Redis is emptied while both streams are behind by different amounts; the rebuilt sale goes on.
    @Test(arguments: 0..<6) func whatWasLostWithRedisIsNoDivergence(round: Int) async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            var random = SeededGenerator(seed: UInt64(round))
            var open = try await shop.openSale(stock: 6, limit: 2)
            var codes: [HoldID] = []
            for step in 0..<36 {
                codes += try await open.checkout((0..<2).map { _ in "user\(Int.random(in: 0..<5, using: &random))" })
                if random.chance(40), let code = codes.randomElement(using: &random) { try await open.purchase([code]) }
                if random.chance(40), let code = codes.randomElement(using: &random) { try await open.release([code]) }
                if random.chance(20) { try await open.drainLedger() }
                if random.chance(20) { try await open.drainAttempts() }
                if step % 12 == 11 {
                    _ = try await shop.redis.send(RedisCommand("FLUSHALL"))
                    for command in SaleScript.loadCommands { _ = try await shop.redis.send(command) }
                    open = try await open.validated()
                    codes = []
                    let deadlines = try await open.snapshot().clock.adding(milliseconds: 90_000)
                    let bench = SaleBench(
                        client: shop.redis,
                        keys: open.keys,
                        epoch: open.epoch,
                        terms: open.sale.terms
                    )
                    if round.isMultiple(of: 2) { try await bench.setClock(deadlines) }
                }
            }
            #expect(try await audit(open).divergence == nil, "round \(round), half drained")
            try await open.drainLedger()
            try await open.drainAttempts()
            let audit = try await audit(open)
            #expect(audit.divergence == nil, "round \(round): \(audit.divergence?.sentence ?? "")")
            #expect(audit.rebuilds == 3)
            let snapshot = try await open.snapshot()
            #expect([audit.free, audit.held, audit.sold] == [snapshot.free, snapshot.held, snapshot.sold])
            #expect(audit.last.seq == snapshot.sequence)
        }
    }

    /// A reconciliation writes rows where they were, or in a step of its own: both are understood.
    @Test func aReconciledSaleShowsNoDivergence() async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let losses: [SQL] = [
                "delete from purchases where unit = 1", "delete from ledger where kind = 'released'",
                "delete from ledger where kind = 'purchased' and unit = 4", "delete from attempts where outcome = 'S'",
                "delete from ledger where kind = 'held' and user_id = 'hugo'",
            ]
            for (number, loss) in losses.enumerated() {
                let market = try await AuditMarket.make(shop, number)
                try await market.force("\(loss) and sale_id = \(market.open.id)")
                #expect(try await market.audit().divergence != nil, "\(loss)")
                let reconciliation = Reconciliation(redis: shop.redis, postgres: shop.postgres, patience: .zero)
                let plan = try await reconciliation.plan(market.open.id)
                #expect(plan.needsPerson == [], "\(loss)")
                _ = try await reconciliation.apply(market.open.id, confirm: plan.hash, actor: "ann", reason: "test")
                let open = try await market.open.validated()
                try await open.checkout(["karl"])
                try await open.drainLedger()
                try await open.drainAttempts()
                let audit = try await market.audit()
                #expect(audit.divergence == nil, "\(loss): \(audit.divergence?.sentence ?? "")")
                #expect(audit.totals.count(.reconciled) > 0)
            }
        }
    }

    @Test func aFinishedSaleIsJudgedToItsEnd() async throws {
        try await Shop.with { shop in
            let market = try await AuditMarket.make(shop, 0)
            let clean = try await market.audit()
            #expect(clean.divergence == nil, "\(clean.divergence?.sentence ?? "")")
            #expect(clean.isClean && clean.totals.count(.control) == 3 && clean.totals.count(.ban) == 1)
            #expect(clean.totals.outcomes == [.held: 18, .soldOut: 5, .userLimit: 1, .banned: 3])
            _ = try await shop.postgres.query("update sales set finished_at = now() where id = \(market.open.id)")
            let early = try await market.audit()
            #expect(early.divergence?.recorded == "8 open holds")
            #expect(early.divergence?.why.contains("no hold outlives it") == true)
        }
    }

    @Test func aSaleThatWasFinishedInOrderIsClean() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale(stock: 2)
            let holds = try await open.checkout(["anna", "bob", "carl"], expect: "HHS")
            try await open.purchase([holds[0]])
            try await open.release([holds[1]])
            try await open.end()
            let row = try #require(try await shop.store.find(open.id))
            let finisher = SaleFinisher(redis: shop.redis, postgres: shop.postgres, who: "test")
            #expect(try await finisher.finish(row, epoch: open.epoch) == .finished)
            let audit = try await audit(open)
            #expect(audit.isClean, "\(audit.divergence?.sentence ?? "")")
            #expect(audit.sale.finishedAt != nil && audit.totals.count(.control) == 1)
            #expect([audit.free, audit.held, audit.sold] == [1, 0, 1])
        }
    }

    @Test func deadLettersAreSaidAndTheSaleIsNotClean() async throws {
        try await Shop.with { shop in
            let market = try await AuditMarket.make(shop, 0)
            try await market.force(
                """
                insert into dead_letter (sale_id, stream, entry_id, idx, kind, payload, sqlstate, reason)
                values (\(market.open.id), 'attempts', '5-5', 3, 'attempt', 'x', '22021', 'no UTF-8')
                """
            )
            let audit = try await market.audit()
            #expect(audit.divergence == nil)
            #expect(audit.deadLetters == 1 && !audit.isClean)
        }
    }
}
