import Testing

@testable import FlashSaleKit

/// A sale whose keys are gone is made anew from the ledger.
@Suite(.serialized) struct RebuildTests {
    private func validate(_ shop: Shop) async throws -> ValidatedRedis {
        try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
    }

    /// Random operations, everything drained, every key deleted: what is rebuilt is what the model knows.
    @Test func whatIsRebuiltIsWhatWasLost() async throws {
        try await Shop.with { shop in
            _ = try await validate(shop)
            for seed in ScriptModelTests.seeds.prefix(15) {
                var random = SeededGenerator(seed: seed)
                let open = try await shop.openSale(
                    stock: Int.random(in: 1...12, using: &random),
                    limit: Int.random(in: 1...5, using: &random),
                    holdMilliseconds: Int64.random(in: 1000...3000, using: &random),
                    opensAgo: Int64.random(in: 60_000...50_000_000, using: &random),
                    closesIn: 2 * 86_400_000
                )
                let bench = SaleBench(client: shop.redis, keys: open.keys, epoch: open.epoch, terms: open.sale.terms)
                try await bench.setClock(frozenTime(shop.redis))
                var run = try await ModelRun(bench, seed: seed, random, drainable: true)
                try await run.run(steps: 60)
                try await open.drainLedger()
                try await open.drainAttempts()
                for key in open.keys.all { _ = try await shop.redis.send(RedisCommand("UNLINK", key)) }
                let rebuilt = try await open.validated()
                try await compare(rebuilt, run.model, "FLASHCTL_SEED=\(seed)")
            }
        }
    }

    private func compare(_ sale: OpenSale, _ model: SaleModel, _ seed: String) async throws {
        let bench = SaleBench(client: sale.shop.redis, keys: sale.keys, epoch: sale.epoch, terms: sale.sale.terms)
        var found = try await SaleImage(reading: bench)
        var expected = SaleImage(model, epoch: sale.epoch)
        // Another epoch refuses what they were settled for.
        expected.settled = [:]
        // One step of its own, and no time is lost.
        expected.sale["seq"] = String(model.sequence + 1)
        let clock = try #require(found.sale["now_us"].flatMap { Int64($0) })
        #expect(clock <= model.clock.microseconds, "\(seed)")
        found.sale["now_us"] = expected.sale["now_us"]
        // Every hold gets the same minute.
        let deadlines = Set(model.openHolds.keys.map { found.deadlines["\($0)"] })
        #expect(deadlines.count <= 1, "\(seed)")
        for (id, hold) in model.openHolds {
            let deadline = try #require(found.deadlines["\(id)"].flatMap { Int64($0) }, "\(seed)")
            #expect(deadline > hold.deadline.microseconds && deadline <= model.clock.microseconds + 61_000_000)
            expected.deadlines["\(id)"] = "\(deadline)"
            expected.holds["\(id)"] = "\(hold.user.text)\t\(hold.itemID)\t\(deadline)\t\(hold.keyed ? 1 : 0)"
        }
        #expect(found == expected, "\(seed)")
    }

    @Test func whatWasNotDrainedIsLostAndOnRecordAndNothingIsSoldTwice() async throws {
        try await Shop.with { shop in
            _ = try await validate(shop)
            let open = try await shop.openSale(stock: 3)
            let first = try await open.checkout(["anna", "bob"], expect: "HH")
            try await open.purchase([first[0]])
            try await open.drainLedger()
            // Attempts of anna and bob, and everything of carl, are only in Redis.
            let late = try await open.checkout(["carl"], expect: "H")
            try await open.purchase(late)
            _ = try await shop.redis.send(RedisCommand("FLUSHALL"))
            let rebuilt = try await open.validated()
            let snapshot = try await rebuilt.snapshot()
            #expect([snapshot.free, snapshot.held, snapshot.sold] == [1, 1, 1])
            #expect(
                try await rebuilt.purchase([first[0], first[1], late[0]]) == [.alreadyPurchased, .purchased, .unknown]
            )
            try await rebuilt.checkout(["dora", "emil"], expect: "HS")
            try await rebuilt.drainLedger()
            try await rebuilt.drainAttempts()
            #expect(try await shop.text("select string_agg(unit::text, ' ' order by unit) from purchases") == "1 2")
            let row = try await shop.postgres.query("select * from recoveries").one()
            #expect(try row["kind"].text == "rebuilt")
            #expect(try row["reason"].text == "its keys are missing")
            #expect(try row["attempts_seq"].int64 == 0)
            #expect(try row["ledger_seq"].int64 == 3)
            #expect(try row["holds"].int == 1)
            #expect(try row["sold"].int == 1)
            #expect(!row["completed_at"].isNull)
            // The order of the sale goes on.
            #expect(try await shop.count("select min(seq) from attempts where epoch = \(rebuilt.epoch)") > 3)
        }
    }

    @Test func pausesLimitAndBansSurvive() async throws {
        try await Shop.with { shop in
            _ = try await validate(shop)
            let open = try await shop.openSale()
            let bench = SaleBench(client: shop.redis, keys: open.keys, epoch: open.epoch, terms: open.sale.terms)
            for operation: ControlCall.Operation in [
                .pauseCheckout, .pausePurchase, .resumePurchase, .lowerLimit(4), .lowerLimit(2), .ban(user: "eve"),
                .ban(user: "mallory"), .unban(user: "mallory"), .ban(user: "trudy"),
            ] { #expect(try await bench.control(operation, why: "because").decision == .changed) }
            _ = try await shop.redis.send(RedisCommand("DEL", open.keys.banned))
            let rebuilt = try await open.validated()
            let snapshot = try await rebuilt.snapshot()
            #expect(snapshot.checkoutPaused)
            #expect(!snapshot.purchasePaused)
            #expect(snapshot.limit == 2)
            let bans = try await shop.redis.send(RedisCommand("HGETALL", open.keys.banned)).elements?.map(\.string)
            #expect(Set(try #require(bans)) == ["", "\(rebuilt.epoch)", "eve", "because", "trudy"])
        }
    }

    /// Killed after any step, a rebuild is run again under the next epoch and ends the same.
    @Test(arguments: 0..<6) func aRebuildThatWasKilledIsRepeated(stepsDone: Int) async throws {
        try await Shop.with { shop in
            _ = try await validate(shop)
            let open = try await shop.openSale(stock: 9)
            let holds = try await open.checkout(["anna", "bob", "carl"], expect: "HHH")
            try await open.purchase([holds[0]])
            _ = try await shop.redis.send(RedisCommand("DEL", open.keys.users))
            try await killedRebuild(of: open, after: stepsDone)
            let rebuilt = try await open.validated()
            let snapshot = try await rebuilt.snapshot()
            #expect([snapshot.free, snapshot.held, snapshot.sold] == [6, 2, 1])
            #expect(snapshot.isConsistent)
            #expect(try await rebuilt.purchase(holds) == [.alreadyPurchased, .purchased, .purchased])
            try await rebuilt.drainLedger()
            try await rebuilt.drainAttempts()
            let record = try await SaleRecord.read(open.id, from: shop.postgres)
            #expect([record.purchases, record.held, record.attempts, record.deadLetters] == [3, 3, 3, 0])
        }
    }

    private func killedRebuild(of open: OpenSale, after stepsDone: Int) async throws {
        let (redis, postgres) = (open.shop.redis, open.shop.postgres)
        let steps = EpochSteps(redis: redis, postgres: postgres)
        let epoch = try await steps.takeEpoch()
        try await steps.raiseCursors(of: [open.id], to: epoch)
        if stepsDone < 1 { return }
        _ = try await steps.fence(open.id, epoch)
        if stepsDone < 2 { return }
        _ = try await OpenSale.drainAll(open.ledgerDrain.drainOnce, open.id, epoch)
        _ = try await OpenSale.drainAll(open.attemptsDrain.drainOnce, open.id, epoch)
        if stepsDone < 3 { return }
        let restored = try await RestoredSale.read(open.id, from: postgres)
        let records = RecoveryRecords(postgres: postgres)
        try await records.rebuilding(open.id, epoch, "test", restored, startedAt: open.shop.store.now())
        if stepsDone < 4 { return }
        let begin = RestoreCall.Begin(
            terms: open.sale.terms,
            clockFloor: restored.clock,
            installation: "here",
            lineage: try await LineageStore(postgres: postgres).current()
        )
        try await steps.restore(RestoreCall.begin(keys: open.keys, epoch: epoch, begin), "begin", open.id)
        if stepsDone < 5 { return }
        try await steps.restore(RestoreCall.holds(keys: open.keys, epoch: epoch, restored.holds), "holds", open.id)
    }

    /// Nobody guesses what was meant: a sale whose records contradict each other stays shut, once, and the reason is
    /// told. Records that change under a new epoch let it open.
    @Test(arguments: ["a purchase without ledger", "a gap in the units", "more than the stock"])
    func recordsThatDoNotAddUpShutTheSale(kind: String) async throws {
        try await Shop.with { shop in
            _ = try await validate(shop)
            let open = try await shop.openSale(stock: 2)
            let holds = try await open.checkout(["anna", "bob"], expect: "HH")
            try await open.purchase(holds)
            try await open.drainLedger()
            let why: String
            switch kind {
            case "a purchase without ledger":
                try await open.estrangePurchase(of: 1)
                why = "1 committed purchases are not in its ledger"
            case "a gap in the units":
                try await open.changeLedger("update ledger set unit = 5 where unit = 2")
                why = "its ledger has 2 purchases of 2 units, the highest is 5"
            default:
                try await open.changeLedger(
                    """
                    insert into ledger (sale_id, epoch, seq, idx, at, kind, hold_id, user_id, item_id, deadline, detail)
                    values (\(open.id), \(open.epoch), 99, 0, now(), 'held', decode(md5('x'), 'hex'), 'x', 1, now(),
                        '0')
                    """
                )
                why = "its ledger has 2 purchases and 1 open holds of 2 units"
            }
            _ = try await shop.redis.send(RedisCommand("DEL", open.keys.sale))
            let validated = try await validate(shop)
            #expect(validated.epochs.isEmpty)
            #expect(validated.shut[open.id]?.why.contains(why) == true, "\(validated)")
            #expect(try await validate(shop) == validated, "it is not tried again and again")
            let epoch = try #require(validated.shut[open.id]?.epoch)
            await #expect(throws: ShopError.self) {
                try await OpenSale(shop: shop, sale: open.sale, epoch: epoch).checkout(["carl"])
            }
            #expect(try await shop.text("select kind from recoveries") == "refused")
        }
    }
}

extension OpenSale {
    /// Changes what cannot be changed: as a superuser who gets around the trigger.
    func changeLedger(_ statement: SQL) async throws {
        _ = try await shop.postgres.query("alter table ledger disable trigger ledger_append_only")
        _ = try await shop.postgres.query(statement)
        _ = try await shop.postgres.query("alter table ledger enable trigger ledger_append_only")
    }

    /// Lets a purchase be of a hold that the ledger does not know.
    func estrangePurchase(of unit: Int) async throws {
        _ = try await shop.postgres.query(
            "update purchases set hold_id = decode(md5('other'), 'hex') where sale_id = \(id) and unit = \(unit)"
        )
    }
}
