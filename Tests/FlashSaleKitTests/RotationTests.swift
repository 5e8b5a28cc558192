import Testing

@testable import FlashSaleKit

/// The hours follow one another, however often and by whomever the rotation is run.
struct RotationTests {
    private let hour: Int64 = 3_600_000

    private func rotation(_ shop: Shop) -> Rotation { Rotation(redis: shop.redis, postgres: shop.postgres) }

    /// Starts of the hourly sales, in seconds.
    private func starts(_ shop: Shop) async throws -> [Int64] {
        try await shop.postgres.query(
            "select extract(epoch from opens_at)::bigint as opens from sales where hourly order by 1"
        ).map { try $0["opens"].int64 }
    }

    @Test func thisHourAndTheNextExistInBothStoresAndARepetitionDoesNothing() async throws {
        try await Shop.with { shop in
            let now = try await shop.store.now()
            let first = try await rotation(shop).run(now: now)
            #expect(first.created.count == 2)
            #expect(first.opened == first.created)
            let sales = try await shop.store.unfinished()
            #expect(sales.map(\.terms.opensAt) == [now.startOfHour, now.startOfHour.adding(milliseconds: hour)])
            for sale in sales {
                let open = OpenSale(shop: shop, sale: sale, epoch: try #require(sale.epoch))
                #expect(try await open.snapshot().isConsistent)
            }
            let second = try await rotation(shop).run(now: now)
            #expect(second == RotationReport())
        }
    }

    /// Start at :30, at :59:59.9, 40 minutes late: the next hour starts on the hour, and none is skipped.
    @Test func hoursStartOnTheHourHoweverLateTheRotationIs() async throws {
        try await Shop.with { shop in
            let start = try await shop.store.now().startOfHour
            for minutes: Int64 in [30, 60, 100, 160, 180] {
                _ = try await rotation(shop).run(now: start.adding(milliseconds: minutes * 60_000))
            }
            _ = try await rotation(shop).run(now: start.adding(milliseconds: 4 * hour - 100))
            let base = start.microseconds / 1_000_000
            #expect(try await starts(shop) == (0..<5).map { base + 3600 * Int64($0) })
            let lengths = try await shop.count(
                "select count(*) from sales where closes_at - opens_at <> interval '1 hour'"
            )
            #expect(lengths == 0)
        }
    }

    @Test func fiveRotationsInParallelMakeOneSalePerHour() async throws {
        try await Shop.with { shop in
            let now = try await shop.store.now()
            let reports = try await withThrowingTaskGroup(of: RotationReport.self) { group in
                for _ in 0..<5 {
                    let other = try await shop.anotherProcess()
                    group.addTask { try await Rotation(redis: other.redis, postgres: other.postgres).run(now: now) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(reports.reduce(0) { $0 + $1.created.count } == 2)
            #expect(try await starts(shop).count == 2)
            // One of them did it; others were locked out, or came later and found nothing to do.
            for report in reports where report.created.isEmpty {
                #expect(report.locked || report == RotationReport())
            }
            #expect(try await shop.count("select count(*) from sales where opened_in_redis_at is not null") == 2)
        }
    }

    @Test func aHeldRotationLockIsReported() async throws {
        try await Shop.with { shop in
            let other = try await shop.anotherProcess()
            let report = try await AdvisoryLock.rotation.whileHeld(on: other.postgres, patience: .zero) {
                try await rotation(shop).run()
            }
            #expect(report?.locked == true)
            #expect(try await shop.count("select count(*) from sales") == 0)
        }
    }

    @Test func anEndedSaleIsFinishedOnceItsLastHoldHasLapsed() async throws {
        try await Shop.with { shop in
            // The first handshake takes over what it finds, under a new epoch: have it behind us.
            _ = try await Handshake(redis: shop.redis, postgres: shop.postgres).validate()
            let open = try await shop.openSale(stock: 5, limit: 2)
            let holds = try await open.checkout(["anna", "bob", "carl", "dora"], expect: "HHHH")
            try await open.purchase([holds[0]])
            try await open.release([holds[1]])
            try await open.end()
            let early = try await rotation(shop).run()
            #expect(early.waiting[open.id] == "units are still held")
            #expect(early.finished.isEmpty)
            // A code that was issued before the end is honoured until its hold ends.
            #expect(try await open.purchase([holds[2]]) == [.purchased])
            try await open.lapse(holds[3])
            let late = try await rotation(shop).run()
            #expect(late.finished == [open.id], "\(late)")

            let sale = try #require(try await shop.store.find(open.id))
            #expect(sale.finishedAt != nil)
            let summary = try await shop.postgres.query("select summary from sales where id = \(open.id)").one()
            let text = try summary["summary"].text
            for part in ["\"attempts\": 4", "\"purchases\": 2", "\"expired\": 1", "\"released\": 1", "\"held\": 4"] {
                #expect(text.contains(part), "\(part) in \(text)")
            }
            let index = AttemptsBatch.partition(of: open.id) + "_user"
            #expect(try await shop.count("select count(*) from pg_indexes where indexname = \(index)") == 1)
            // Its codes are answered from Postgres from now on.
            let found = try await PurchaseLookup(postgres: shop.postgres).lookup(
                Set(holds.map { SaleHold($0, of: open.id) })
            )
            guard case .purchased(let receipt) = found[SaleHold(holds[2], of: open.id)] else {
                Issue.record("carl has bought")
                return
            }
            #expect(receipt.unit == 2)
            #expect(found[SaleHold(holds[1], of: open.id)] == .expired)
            #expect(found[SaleHold(holds[3], of: open.id)] == .expired)
            #expect(try await rotation(shop).run() == RotationReport())
        }
    }

    /// The new hour sells while a hold of the old one lives; both are drained.
    @Test func aLateHoldOfAnOldSaleIsStillDrained() async throws {
        try await Shop.with { shop in
            let old = try await shop.openSale()
            let holds = try await old.checkout(["anna"])
            let new = try await shop.openSale(opensAgo: 1000)
            try await old.end()
            try await new.checkout(["anna"], expect: "H")
            #expect(try await old.purchase(holds) == [.purchased])
            for sale in try await shop.store.unfinished() where !sale.terms.hourly {
                let epoch = try #require(sale.epoch)
                _ = try await OpenSale.drainAll(old.ledgerDrain.drainOnce, sale.id, epoch)
            }
            let bought = try await shop.postgres.query("select sale_id, hold_id from purchases").one()
            #expect(try bought["sale_id"].saleID == old.id)
            #expect(try bought["hold_id"].holdID == holds[0])
            // The old code does not buy in the new sale.
            #expect(try await new.purchase(holds) == [.unknown])
        }
    }

    @Test func aSaleWhoseNumbersDisagreeKeepsItsKeys() async throws {
        try await Shop.with { shop in
            let open = try await shop.openSale()
            let holds = try await open.checkout(["anna"])
            try await open.purchase(holds)
            try await open.pushLedger("purchased", "0\tbroken\n", seq: 90)
            try await open.end()
            let report = try await rotation(shop).run()
            #expect(report.finished.isEmpty)
            #expect(report.mismatches[open.id] == ["1 rows of the journal are dead letters"])
            #expect(try await open.snapshot().sold == 1)
            #expect(try await shop.store.find(open.id)?.finishedAt == nil)
            // An operator looks, and says so: then it ends.
            _ = try await shop.postgres.query("update dead_letter set repaired_at = now()")
            #expect(try await rotation(shop).run().finished == [open.id])
        }
    }

    @Test func aSaleThatNeverOpenedIsFinishedWithoutKeys() async throws {
        try await Shop.with { shop in
            let now = try await shop.store.now()
            let terms = Shop.terms(opensAgo: 60_000, closesIn: -30_000, now: now)
            let sale = try await shop.store.seed(terms).sale
            #expect(try await rotation(shop).run().finished == [sale.id])
            let text = try await shop.text("select summary::text from sales where id = \(sale.id)")
            #expect(text == "{\"opened\": false}")
        }
    }
}
