import Testing

@testable import FlashSaleKit

/// A sale gives way only while nobody has touched it, and no buyer slips in between.
@Suite(.serialized) struct SaleWithdrawalTests {
    private func withdrawal(_ shop: Shop) -> SaleWithdrawal {
        SaleWithdrawal(redis: shop.redis, postgres: shop.postgres, who: "ops@host")
    }

    private func other(_ sale: Sale) -> SaleTerms {
        var terms = sale.terms
        terms.stock += 1
        return terms
    }

    @Test func theStartPassesToTheOtherSaleInOneStep() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale(stock: 5)
            #expect(try await withdrawal(shop).obstacle(to: open.sale) == nil)
            guard case .created(let new) = try await withdrawal(shop).replace(open.sale, with: other(open.sale)) else {
                Issue.record("it was not replaced")
                return
            }
            #expect(new.terms.stock == 6 && new.epoch == nil)
            #expect(try await shop.store.unfinished().map(\.id) == [new.id])
            #expect(try await shop.store.existing(like: open.sale.terms)?.sale.id == new.id)
            #expect(try await shop.store.find(open.id)?.finishedAt != nil)
            #expect(try await open.snapshot().state == .finished)
            // Its terms can be had again, now at the cost of the other one.
            guard case .differs(let there, _) = try await shop.store.seed(open.sale.terms) else {
                Issue.record("the start was taken twice")
                return
            }
            #expect(there.id == new.id)
        }
    }

    @Test func aSaleThatWasNeverOpenedGivesWayWithoutRedis() async throws {
        try await Shop.with { shop in
            let sale = try await shop.store.seed(Shop.terms(now: try await shop.store.now())).sale
            _ = try await withdrawal(shop).replace(sale, with: other(sale))
            #expect(try await shop.text("select summary::text from sales where id = \(sale.id)").contains("withdrawn"))
            #expect(try await shop.count("select count(*) from sales where withdrawn_at is null") == 1)
            let error = try await #require(throws: ScheduleError.self) {
                _ = try await SaleOpener(redis: shop.redis, postgres: shop.postgres).open(sale)
            }
            #expect(error.code == .finished)
        }
    }

    /// Whether it was drained or not, trimmed or not.
    @Test(arguments: [false, true]) func anAttemptIsAnObstacle(drained: Bool) async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale(stock: 1)
            let holds = try await open.checkout(["anna", "bob"], expect: "HS")
            try await open.release([holds[0]])
            if drained {
                try await open.drainLedger()
                try await open.drainAttempts()
                _ = try await shop.redis.send(RedisCommand("XTRIM", open.keys.attempts, "MAXLEN", "0"))
                _ = try await shop.redis.send(RedisCommand("XTRIM", open.keys.ledger, "MAXLEN", "0"))
            }
            #expect(try await withdrawal(shop).obstacle(to: open.sale) != nil)
            let error = try await #require(throws: ScheduleError.self) {
                _ = try await withdrawal(shop).replace(open.sale, with: other(open.sale))
            }
            #expect(error.code == .refused)
            #expect(error.nextStep?.contains("another start") == true)
            #expect(try await open.snapshot().state == .open)
            try await open.checkout(["carl"], expect: "H")
        }
    }

    /// The script refuses a step that is not the one that was looked at.
    @Test func whoeverComesFirstWins() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale(stock: 5)
            let controller = SaleController(redis: shop.redis)
            func withdraw(at step: Int64) async throws -> ControlCall.Outcome {
                let request = try #require(ControlCall.Request(.withdraw(sequence: step), who: "ops", why: "x"))
                return try await controller.apply(
                    request,
                    to: open.id,
                    epoch: open.epoch,
                    confirmed: try await shop.store.now()
                ).outcome
            }
            let step = try await open.snapshot().sequence
            let holds = try await open.checkout(["anna"], expect: "H")
            #expect(try await withdraw(at: step) == .refused)
            #expect(try await withdraw(at: try await open.snapshot().sequence) == .refused, "a unit is held")
            try await open.release(holds)
            #expect(try await withdraw(at: step) == .refused, "nothing is held, but the step is another one")
            #expect(try await withdraw(at: try await open.snapshot().sequence) == .changed)
            #expect(try await withdraw(at: 0) == .unchanged)
            await #expect(throws: ShopError.self) { try await open.checkout(["bob"]) }
        }
    }

    @Test func rowsOfAWithdrawnSaleMustBeFinished() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale()
            await #expect(throws: PostgresError.self) {
                _ = try await shop.postgres.query("update sales set withdrawn_at = now() where id = \(open.id)")
            }
        }
    }

    @Test func aRotationThatIsPlannedIsTheOneThatIsRun() async throws {
        try await Shop.with { shop in
            let ended = try await shop.openSale(stock: 3)
            let held = try await shop.openSale(stock: 3, opensAgo: 50_000)
            try await held.checkout(["anna"], expect: "H")
            for sale in [ended, held] { try await sale.end() }
            let unopened = try await shop.store.seed(
                Shop.terms(opensAgo: 1000, now: try await shop.store.now())
            ).sale
            let rotation = Rotation(redis: shop.redis, postgres: shop.postgres)
            let now = try await shop.store.now()
            let plan = try await rotation.plan(now: now)
            #expect(plan.created.map(\.opensAt) == [now.startOfHour, now.startOfHour.adding(milliseconds: 3_600_000)])
            #expect(plan.opened == [unopened.id])
            #expect(plan.finished == [ended.id])
            #expect(plan.waiting == [held.id: "units are still held"])
            let report = try await rotation.run(now: now)
            #expect(report.created.count == plan.created.count)
            #expect(report.opened.contains(unopened.id))
            #expect(report.finished == plan.finished)
            #expect(report.waiting == plan.waiting)
            var empty = try await rotation.plan(now: now)
            empty.waiting = [:]
            #expect(empty == RotationPlan())
        }
    }
}
