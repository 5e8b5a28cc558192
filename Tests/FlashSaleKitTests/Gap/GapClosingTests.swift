import Testing

@testable import FlashSaleKit

/// A Postgres that comes back older than what Redis has trimmed: the gap is closed from proof, and the sale goes on.
@Suite(.serialized) struct GapClosingTests {
    /// Which streams lack something, and whether anything was decided behind the gap.
    struct Shape: Sendable, CustomTestStringConvertible {
        let streams: [JournalStream]
        let hasTail: Bool
        var testDescription: String {
            streams.map(\.rawValue).joined(separator: " and ") + (hasTail ? ", and a journal" : "")
        }
    }

    static let shapes = [
        Shape(streams: [.ledger, .attempts], hasTail: true), Shape(streams: [.ledger], hasTail: true),
        Shape(streams: [.attempts], hasTail: true), Shape(streams: [.ledger, .attempts], hasTail: false),
        Shape(streams: [.ledger], hasTail: false), Shape(streams: [.attempts], hasTail: false),
    ]

    @Test(arguments: shapes) func everyKindOfChangeIsProvenOrNoted(shape: Shape) async throws {
        try await GapRig.with { rig in
            let open = rig.open
            let before = try await open.checkout((1...6).map { "anna\($0)" }, expect: "HHHHHH")
            try await open.purchase([before[0]], ticket: "golden")
            try await rig.control(.ban(user: "mallory"))
            try await rig.replicate()
            // Inside: purchases of holds from before and from inside, ends of both, and what operators change.
            let inside = try await open.checkout((1...8).map { "bob\($0)" }, expect: "HHHHHHHH")
            try await open.purchase([before[1], inside[0], inside[1]], ticket: "silver")
            try await open.release([before[2], inside[2]])
            let keyed = try await rig.keyedCheckout("kim")
            let ended = try await rig.keyedCheckout("kurt")
            try await open.release([ended])
            try await rig.control(.ban(user: "eve"))
            try await rig.control(.unban(user: "mallory"))
            try await rig.control(.lowerLimit(4))
            try await rig.control(.pauseCheckout)
            try await rig.drainAndTrim(shape.streams)
            if shape.hasTail {
                try await open.purchase([inside[3], before[3]])
                try await open.release([inside[4]])
                try await open.lapse(inside[5])
                #expect(try await open.expire() == 1)
                try await rig.control(.ban(user: "trent"))
            }
            let sold = try await open.snapshot().sold
            try await rig.promoteStandby()
            #expect(try await rig.gaps().map(\.stream) == shape.streams)
            let closed = try await rig.close()
            #expect(try await closed.gaps() == [])
            try await closed.expectClean("\(shape.testDescription)")
            #expect(try await closed.receipts().count == sold)
            // Every code is what it was.
            let told = try await closed.open.purchase([before[0], before[1], inside[0]])
            #expect(told == [.alreadyPurchased, .alreadyPurchased, .alreadyPurchased])
            #expect(
                try await closed.open.purchase([before[4], inside[6], keyed]) == [.purchased, .purchased, .purchased]
            )
            #expect(try await closed.open.purchase([ended, before[2]]) == [.lapsed, .unknown])
            try await closed.control(.resumeCheckout)
            try await closed.sellOut("\(shape.testDescription)")
        }
    }

    /// The rows stand inside the gap, and each of them is proven.
    @Test func theRowsAreThoseThatAreProven() async throws {
        try await GapRig.with { rig in
            let open = rig.open
            let before = try await open.checkout(["anna", "bob"], expect: "HH")
            try await rig.send("HSET", open.keys.sale, "hold_ms", "1000")
            try await open.checkout(["carl"], expect: "H")
            try await rig.send("HSET", open.keys.sale, "hold_ms", "60000")
            try await rig.replicate()
            let last = try await open.snapshot().sequence
            let inside = try await open.checkout(["dora", "emil"], expect: "HH")
            try await open.purchase([before[0], inside[0]])
            try await open.release([before[1], inside[1]])
            for _ in 0..<600 where try await open.expire() == 0 { try await Task.sleep(for: .milliseconds(20)) }
            try await rig.drainAndTrim()
            let end = try await open.snapshot().sequence
            try await rig.promoteStandby()
            let plan = try await rig.plan()
            let actions = plan.steps.map(\.action)
            for part in [
                "insert 1 row 'held'", "insert 2 rows 'purchased'", "insert 1 row 'expired'", "insert 1 row 'released'",
                "insert 2 of the units 1 to 2 into purchases",
                "note that steps \(last + 1) to \(end) of the ledger are lost",
                "note that steps \(last + 1) to \(end) of the attempts are lost", "move the cursor of the ledger",
                "move the cursor of the attempts", "let the sale go on with what Redis has",
            ] {
                #expect(actions.contains { $0.hasPrefix(part) }, "\(part) is not in \(actions)")
            }
            #expect(actions.count == 10)
            _ = try await rig.close()
            let kinds = try await rig.kinds("sale_id = \(open.id) and seq = \(end)")
            #expect(kinds.hasPrefix("reconciled "))
            #expect(kinds.hasSuffix(" held purchased purchased reconciled reconciled"))
            let rows = try await holdRows(rig, end)
            #expect(rows.prefix(2).sorted() == ["bob released", "carl expired"])
            #expect(rows.dropFirst(2) == ["dora held", "anna purchased", "dora purchased"])
            let outside = try await rig.shop.count(
                "select count(*) from ledger where sale_id = \(open.id) and seq > \(last) and seq <> \(end)"
            )
            #expect(outside == 0)
        }
    }

    private func holdRows(_ rig: GapRig, _ seq: Int64) async throws -> [String] {
        try await rig.postgres.query(
            """
            select user_id || ' ' || kind as row from ledger
            where sale_id = \(rig.open.id) and seq = \(seq) and hold_id is not null order by idx
            """
        ).map { try $0["row"].text }
    }

    /// Buyers go on buying and releasing while somebody reads the plan.
    @Test func thePlanStaysTheSameWhileTheSaleGoesOn() async throws {
        try await GapRig.with { rig in
            let before = try await rig.open.checkout(["anna", "bob", "carl"], expect: "HHH")
            try await rig.replicate()
            let inside = try await rig.open.checkout((1...5).map { "dora\($0)" }, expect: "HHHHH")
            let keyed = try await rig.keyedCheckout("kim")
            try await rig.open.purchase([inside[0], before[0]])
            try await rig.drainAndTrim()
            try await rig.promoteStandby()
            let plan = try await rig.plan()
            try await rig.open.purchase([inside[1], before[1], keyed])
            try await rig.open.release([inside[2], before[2]])
            try await rig.open.lapse(inside[3])
            #expect(try await rig.open.expire() == 1)
            #expect(try await rig.plan().hash == plan.hash)
            var closed = rig
            closed.open.epoch = try await rig.reconciliation.apply(
                rig.open.id,
                confirm: plan.hash,
                actor: "ops",
                reason: "a test"
            ).epoch
            try await closed.expectClean("bought and released meanwhile")
            #expect(try await closed.receipts().count == 5)
            try await closed.sellOut("bought and released meanwhile")
        }
    }

    /// Buyers who wait for a receipt get it at once, and every purchase has the unit that it had.
    @Test func whoWaitsIsToldAndHasTheSameUnit() async throws {
        try await GapRig.with { rig in
            try await rig.replicate()
            let inside = try await rig.open.checkout((1...3).map { "anna\($0)" }, expect: "HHH")
            try await rig.open.purchase([inside[2]])
            try await rig.open.purchase([inside[0], inside[1]], ticket: "golden")
            try await rig.drainAndTrim()
            let told = try await rig.receipts()
            #expect(told.count == 3)
            try await rig.promoteStandby()
            #expect(try await rig.receipts() == [])
            let stream = PostgresListener.listen(
                try PostgresEndpoint(parsing: rig.shop.stack.postgresURL),
                LedgerDrain.purchasesChannel,
                logger: Shop.logger
            )
            var received = stream.makeAsyncIterator()
            #expect(await received.next() == "")
            let closed = try await rig.close()
            #expect(await received.next() == "\(rig.open.id)")
            #expect(try await closed.receipts() == told)
            let logged = try await rig.shop.text("select reason from control_log where action = 'reconcile'")
            #expect(logged.contains("rows into a gap of the journal: a test"))
            try await closed.expectClean("the receipts are those of before")
        }
    }

    /// Random sales: whatever happened before, inside and behind, the books are right afterwards.
    @Test(arguments: 0..<12) func randomSalesAreWhatTheyWere(round: Int) async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let seed = VerifyTests.seed &+ UInt64(round)
            var random = SeededGenerator(seed: seed)
            let open = try await shop.openSale(
                stock: Int.random(in: 1...12, using: &random),
                limit: Int.random(in: 1...5, using: &random),
                holdMilliseconds: Int64.random(in: 1000...3000, using: &random),
                closesIn: 2 * 86_400_000
            )
            let rig = GapRig(shop: shop, open: open)
            let bench = SaleBench(client: shop.redis, keys: open.keys, epoch: open.epoch, terms: open.sale.terms)
            try await bench.setClock(frozenTime(shop.redis))
            var run = try await ModelRun(bench, seed: seed, random, drainable: true)
            try await run.run(steps: 25)
            try await rig.replicate()
            try await run.run(steps: 40)
            let streams: [[JournalStream]] = [[.ledger], [.ledger, .attempts], [.attempts]]
            try await rig.drainAndTrim(streams[round % 3])
            if round % 4 > 0 { try await run.run(steps: 15) }
            if round % 4 > 1 { try await open.drainLedger() }
            let receipts = run.model.sold
            try await rig.promoteStandby()
            // A sale that is sold out or paused may have written nothing that could be lost.
            let closed = try await rig.gaps().isEmpty ? rig : rig.close()
            let name: Comment = "seed \(seed)"
            try await closed.expectClean(name)
            #expect(try await closed.receipts().count == receipts, name)
            let snapshot = try await closed.open.snapshot()
            #expect([snapshot.free, snapshot.held] == [run.model.free, run.model.held], name)
        }
    }
}
