import Foundation
import Testing

@testable import FlashSaleKit

/// Each repairable corruption: plan, apply, clean, and nothing left to plan.
@Suite(.serialized) struct ReconcileTests {
    /// What the program repairs by itself.
    static let repairable: Set<String> = [
        "missing purchase", "deleted: held, open", "deleted: held, bought since", "deleted: purchased",
        "deleted: expired", "deleted: released", "deleted attempt", "deleted attempt of a hold", "a lost step",
        "phantom hold", "missing hold", "missing deadline", "another deadline", "another item", "missing receipt",
        "receipt of another unit", "receipt with another ticket", "free off by one", "held off by one",
        "sold off by one", "a user off by one", "bought off by one", "lost ban", "lost pause", "another limit",
        "another stock", "clock set back", "sentinel of users of another epoch", "sentinel of the deadlines lost",
        "ledger cursor moved back", "attempts cursor moved back", "ledger cursor moved over entries",
        "a ban that never was", "epochs of the cursors apart",
    ]

    @Test func theListNamesCorruptionsThatExist() {
        let all = Set(VerifyTests.groups.flatMap(\.corruptions).map(\.name))
        #expect(ReconcileTests.repairable.subtracting(all) == [])
        #expect(ReconcileTests.repairable.count > 30)
    }

    @Test(arguments: VerifyTests.groups.indices) func everyRepairableCorruptionIsRepaired(group: Int) async throws {
        try await Shop.with { shop in
            for (number, corruption) in VerifyTests.groups[group].corruptions.enumerated()
            where ReconcileTests.repairable.contains(corruption.name) {
                let seed = VerifyTests.seed &+ UInt64(100 * group + number)
                var random = SeededGenerator(seed: seed)
                let market = try await VerifyMarket.make(shop, number)
                _ = try await corruption.apply(market, &random)
                let before = try await market.totals()
                let name = "seed \(VerifyTests.seed), \(corruption.name)"
                let plan = try await market.plan()
                #expect(plan.needsPerson == [], "\(name)")
                #expect(!plan.isEmpty, "\(name)")
                #expect(try await market.plan() == plan, "\(name): the same state gives the same plan")
                let applied = try await market.apply(plan.hash)
                #expect(applied.plan == plan, "\(name)")
                let report = try await market.verify()
                #expect(report.findings.map(\.sentence) == [], "\(name): clean after \(plan.steps.map(\.action))")
                let again = try await market.plan()
                #expect(again.isEmpty && again.needsPerson.isEmpty, "\(name): \(again.steps.map(\.action))")
                let after = try await market.totals()
                #expect(zip(before, after).allSatisfy { $0 <= $1 }, "\(name): \(before) became \(after)")
                #expect(try await market.logged(plan.hash) == 1, "\(name)")
                let row = try #require(try await shop.store.find(market.open.id))
                let open = OpenSale(shop: shop, sale: row, epoch: try #require(row.epoch))
                _ = try await open.purchase(try await market.pick(market.open.keys.holds).suffix(1))
                try await open.drainLedger()
                #expect(try await market.verify().findings.map(\.sentence) == [], "\(name): it goes on selling")
            }
        }
    }

    /// The case that it exists for: a recovery that cannot go on without somebody's word.
    @Test(arguments: ["users", "sale"]) func aSaleThatIsShutIsRepairedAndOpened(lost: String) async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let open = try await shop.openSale(stock: 5)
            let holds = try await open.checkout(["anna", "bob", "carl"], expect: "HHH")
            try await open.purchase([holds[0]])
            try await open.purchase([holds[1]])
            try await open.drainLedger()
            try await open.drainAttempts()
            try await open.changeLedger("delete from ledger where kind = 'purchased' and unit = 2")
            _ = try await shop.redis.send(RedisCommand("DEL", "fs:{\(open.id)}:\(lost)"))
            let validated = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            #expect(validated.shut.keys.sorted() == [open.id])
            let reconciliation = Reconciliation(redis: shop.redis, postgres: shop.postgres)
            let plan = try await reconciliation.plan(open.id)
            #expect(plan.needsPerson == [] && !plan.isEmpty, "\(plan)")
            _ = try await reconciliation.apply(open.id, confirm: plan.hash, actor: "ann", reason: "test")
            let repaired = try await open.validated()
            let snapshot = try await repaired.snapshot()
            #expect((snapshot.free, snapshot.held, snapshot.sold) == (2, 1, 2))
            #expect(try await repaired.purchase([holds[1], holds[2]]) == [.alreadyPurchased, .purchased])
            try await repaired.drainLedger()
            let report = try await Verification(redis: shop.redis, postgres: shop.postgres).run(open.id)
            #expect(report.findings.map(\.sentence) == [])
        }
    }

    @Test(arguments: VerifyTests.groups.indices) func whatCannotBeRepairedIsLeftToPeople(group: Int) async throws {
        try await Shop.with { shop in
            for (number, corruption) in VerifyTests.groups[group].corruptions.enumerated()
            where !ReconcileTests.repairable.contains(corruption.name) {
                var random = SeededGenerator(seed: VerifyTests.seed &+ UInt64(100 * group + number))
                let market = try await VerifyMarket.make(shop, number)
                _ = try await corruption.apply(market, &random)
                let before = try await market.totals()
                let plan = try await market.plan()
                let name = "seed \(VerifyTests.seed), \(corruption.name)"
                #expect(plan.isEmpty == false || plan.needsPerson.isEmpty == false, "\(name)")
                #expect(try await market.totals() == before, "\(name): a plan writes nothing")
                #expect(plan.needsPerson.allSatisfy { !$0.contains("next step") }, "\(name)")
            }
        }
    }

    @Test func onlyTheHashOfThePlanIsAccepted() async throws {
        try await Shop.with { shop in
            let market = try await VerifyMarket.make(shop, 0)
            let clean = try await market.plan()
            #expect(clean.isEmpty)
            await #expect(throws: ReconcileError.self) { try await market.apply(clean.hash) }
            try await market.force("delete from purchases where sale_id = \(market.open.id) and unit = 2")
            let before = try await market.totals()
            let error = await #expect(throws: ReconcileError.self) { try await market.apply(clean.hash) }
            #expect(error?.code == .wrongHash)
            #expect(error?.message.contains(try await market.plan().hash) == true)
            #expect(try await market.totals() == before)
            #expect(try await market.logged("") == 0)
            #expect(try await market.open.snapshot().epoch == market.open.epoch, "nobody was shut out")
        }
    }

    @Test func aPlanThatIsNoLongerTrueIsRefused() async throws {
        try await Shop.with { shop in
            let market = try await VerifyMarket.make(shop, 0)
            try await market.force("delete from purchases where sale_id = \(market.open.id) and unit = 2")
            let plan = try await market.plan()
            try await market.force("delete from purchases where sale_id = \(market.open.id) and unit = 3")
            let error = await #expect(throws: ReconcileError.self) { try await market.apply(plan.hash) }
            #expect(error?.code == .wrongHash)
            #expect(try await market.logged("") == 0)
        }
    }

    /// Two installations whose sales have the same numbers: what this Redis has is not ours to repair.
    @Test func aRedisOfAnotherInstallationIsLeftAlone() async throws {
        try await Shop.with { shop in
            let market = try await VerifyMarket.make(shop, 0)
            let id = HoldID(high: 7, low: 7).description
            try await market.send("HSET", market.open.keys.holds, id, "greta\t7\t9999999999999999\t0")
            try await market.send("ZADD", market.open.keys.deadlines, "9999999999999999", id)
            let own = try await market.plan()
            #expect(!own.isEmpty)
            let foreign = "00000000-0000-0000-0000-000000000000"
            try await market.send("SET", Handshake.installationKey, foreign)
            let plan = try await market.plan()
            #expect(plan.isEmpty, "\(plan.steps.map(\.action))")
            #expect(plan.needsPerson.contains { $0.contains(foreign) }, "\(plan.needsPerson)")
            let before = try await shop.count("select last_value from epochs")
            let error = await #expect(throws: RecoveryError.self) { try await market.apply(own.hash) }
            #expect(error?.code == .installationMismatch)
            #expect(try await shop.count("select last_value from epochs") == before)
            #expect(try await market.logged("") == 0)
        }
    }

    /// Selling goes on between plan and application: the records in question have not moved.
    @Test func sellingMeanwhileDoesNotChangeThePlan() async throws {
        try await Shop.with { shop in
            let market = try await VerifyMarket.make(shop, 0)
            try await market.force("delete from purchases where sale_id = \(market.open.id) and unit = 2")
            let plan = try await market.plan()
            try await market.open.purchase(try await market.pick(market.open.keys.holds).suffix(1))
            try await market.open.drainLedger()
            #expect(try await market.plan().hash == plan.hash)
            _ = try await market.apply(plan.hash)
            #expect(try await market.verify().violations == 0)
        }
    }

    /// A purchase that only Redis has: its buyer may have been told.
    @Test func aReceiptThatNobodyElseHasIsWrittenEverywhere() async throws {
        try await Shop.with { shop in
            let market = try await VerifyMarket.make(shop, 0)
            try await market.open.drainLedger()
            let sold = try await shop.count("select count(*) from purchases where sale_id = \(market.open.id)")
            let id = HoldID(high: 7, low: 7).description
            let time = try await shop.store.now().microseconds
            let fields = "\(sold + 1)\t1\tgreta\t7\tgolden\t\(time)\t\(time + 60_000_000)"
            try await market.send("HSET", market.open.keys.receipts, id, fields)
            let plan = try await market.plan()
            #expect(plan.needsPerson == [])
            #expect(plan.steps.count == 5, "\(plan.steps.map(\.action))")
            _ = try await market.apply(plan.hash)
            #expect(try await market.verify().findings.map(\.sentence) == [])
            let row = try await shop.postgres.query(
                "select unit, ticket from purchases where sale_id = \(market.open.id) and user_id = 'greta'"
            ).one()
            #expect(try row["unit"].int == sold + 1)
            #expect(try row["ticket"].text == "golden")
            #expect(try await market.plan().isEmpty)
        }
    }

    /// A purchase that only the journal has yet is a purchase, whatever Redis says of its hold by now.
    @Test(arguments: [false, true]) func aCodeWhosePurchaseIsOnItsWayIsNeverRevived(lagging: Bool) async throws {
        try await Shop.with { shop in
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let open = try await shop.openSale(stock: 5)
            let holds = try await open.checkout(["anna", "bob"], expect: "HH")
            try await open.drainLedger()
            try await open.drainAttempts()
            try await open.purchase([holds[0]])
            let market = VerifyMarket(shop: shop, open: open, other: open)
            if lagging {
                // As if Redis had forgotten the purchase and kept its entry: the hold is open again.
                let hold = holds[0].description
                let deadline = "\(try await open.snapshot().clock.microseconds + 60_000_000)"
                try await market.send("HDEL", open.keys.receipts, hold)
                try await market.send("HDEL", open.keys.bought, "anna")
                try await market.send("HSET", open.keys.holds, hold, "anna\t7\t\(deadline)\t0")
                try await market.send("ZADD", open.keys.deadlines, deadline, hold)
                try await market.send("HINCRBY", open.keys.sale, "sold", "-1")
                try await market.send("HINCRBY", open.keys.sale, "held", "1")
            } else {
                try await market.send("HINCRBY", open.keys.users, "bob", "1")
            }
            #expect(try await shop.count("select count(*) from purchases") == 0, "it is on its way")
            let plan = try await market.plan()
            #expect(!plan.isEmpty && plan.needsPerson == [], "\(plan)")
            _ = try await market.apply(plan.hash)
            let repaired = try await open.validated()
            #expect(try await repaired.purchase([holds[0]]) == [.alreadyPurchased])
            try await repaired.drainLedger()
            let rows = try await shop.count("select count(*) from purchases where user_id = 'anna' and unit = 1")
            #expect(rows == 1)
            let snapshot = try await repaired.snapshot()
            #expect((snapshot.free, snapshot.held, snapshot.sold) == (3, 1, 1))
            #expect(try await market.verify().findings.map(\.sentence) == [])
        }
    }

    /// A store that lags knows less: what it does not know stays.
    @Test func aLaggingRedisLowersNothing() async throws {
        try await Shop.with { shop in
            let market = try await VerifyMarket.make(shop, 0)
            try await market.open.drainLedger()
            // As a Redis that was restored from an older copy: the last purchase is a hold again.
            let row = try await shop.postgres.query(
                """
                select encode(hold_id, 'hex') as hold, user_id, unit from ledger
                where sale_id = \(market.open.id) and kind = 'purchased' order by unit desc limit 1
                """
            ).one()
            let (hold, user) = (try row["hold"].text, try row["user_id"].text)
            let deadline = "\(try await shop.store.now().adding(milliseconds: 60_000).microseconds)"
            try await market.send("HDEL", market.open.keys.receipts, hold)
            try await market.send("HSET", market.open.keys.holds, hold, "\(user)\t7\t\(deadline)\t0")
            try await market.send("ZADD", market.open.keys.deadlines, deadline, hold)
            try await market.send("HINCRBY", market.open.keys.sale, "sold", "-1")
            try await market.send("HINCRBY", market.open.keys.sale, "held", "1")
            let before = try await market.totals()
            let plan = try await market.plan()
            #expect(plan.needsPerson == [])
            _ = try await market.apply(plan.hash)
            #expect(try await market.verify().violations == 0)
            #expect(zip(before, try await market.totals()).allSatisfy { $0 <= $1 })
            #expect(try await market.open.snapshot().sold == (try row["unit"].int))
        }
    }
}

extension VerifyMarket {
    func plan() async throws -> ReconciliationPlan {
        try await Reconciliation(redis: shop.redis, postgres: shop.postgres, patience: .zero).plan(open.id)
    }

    func apply(_ hash: String) async throws -> Reconciliation.Applied {
        try await Reconciliation(redis: shop.redis, postgres: shop.postgres, patience: TestPatience.limit)
            .apply(open.id, confirm: hash, actor: "ops", reason: "a test")
    }

    /// Rows of each table of the sale: none may become fewer.
    func totals() async throws -> [Int] {
        var totals: [Int] = []
        for table in ["ledger", "attempts", "purchases", "control_log", "dead_letter"] {
            totals.append(
                try await shop.count("select count(*) from \(identifier: table) where sale_id = \(open.id)")
            )
        }
        return totals
    }

    func logged(_ hash: String) async throws -> Int {
        try await shop.count(
            """
            select count(*) from control_log where sale_id = \(open.id) and action = 'reconcile' and actor = 'ops'
                and reason like \("plan \(hash)%")
            """
        )
    }
}
