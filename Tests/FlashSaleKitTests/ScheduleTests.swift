import Testing

@testable import FlashSaleKit

/// The schedule as a value, and the table behind it.
struct ScheduleTests {
    private let hour: Int64 = 3_600_000

    private func sale(
        _ id: Int64,
        opens: Int64,
        closes: Int64,
        hourly: Bool = false,
        epoch: Int64? = 1,
        finished: Bool = false
    ) throws -> Sale {
        var terms = HourlyTerms().terms(ofHourAt: Timestamp(seconds: 0))
        terms.opensAt = Timestamp(seconds: opens)
        terms.closesAt = Timestamp(seconds: closes)
        terms.hourly = hourly
        return Sale(
            id: try #require(SaleID(id)),
            terms: terms,
            epoch: epoch,
            finishedAt: finished ? Timestamp(seconds: closes) : nil
        )
    }

    @Test func ofOverlappingSalesTheOneThatStartedLastSells() throws {
        let schedule = SaleSchedule(sales: [
            try sale(3, opens: 3600, closes: 7200, hourly: true),
            try sale(1, opens: 0, closes: 3600, hourly: true),
            try sale(2, opens: 1800, closes: 5400),
            try sale(4, opens: 3600, closes: 4000, finished: true),
            try sale(5, opens: 3700, closes: 4000, epoch: nil),
        ])
        func current(_ seconds: Int64) -> Int64? { schedule.current(at: Timestamp(seconds: seconds))?.id.rawValue }
        #expect(current(-1) == nil)
        #expect(current(0) == 1)
        #expect(current(1799) == 1)
        #expect(current(1800) == 2)
        #expect(current(3599) == 2)
        #expect(current(3600) == 3, "the hour begins on the hour, whatever else is open")
        #expect(current(3800) == 3, "what is not open in Redis cannot sell")
        #expect(current(7199) == 3)
        #expect(current(7200) == nil)
        #expect(schedule.next(after: Timestamp(seconds: 0))?.id.rawValue == 2)
        #expect(schedule.next(after: Timestamp(seconds: 3600))?.id.rawValue == 5)
        #expect(schedule.next(after: Timestamp(seconds: 3700)) == nil)
    }

    @Test func aSeededSaleWinsOverTheHourlyOneOfTheSameInstant() throws {
        let schedule = SaleSchedule(sales: [
            try sale(1, opens: 0, closes: 60), try sale(2, opens: 0, closes: 60, hourly: true),
        ])
        #expect(schedule.current(at: Timestamp(seconds: 5))?.id.rawValue == 1)
    }

    @Test func theTermsOfAnHourAreTheSameEverywhere() {
        let terms = HourlyTerms()
        let first = terms.terms(ofHourAt: Timestamp(seconds: 7201))
        #expect(first == terms.terms(ofHourAt: Timestamp(seconds: 10_799)))
        #expect(first.opensAt == Timestamp(seconds: 7200))
        #expect(first.closesAt == Timestamp(seconds: 10_800))
        #expect(first.validate().isEmpty)
        #expect(first.stock == 10_000 && first.userLimit == 10 && first.holdMilliseconds == 300_000)
        #expect(first.itemName != terms.terms(ofHourAt: Timestamp(seconds: 10_800)).itemName)
        #expect(terms.terms(ofHourAt: Timestamp(seconds: -1)).opensAt == Timestamp(seconds: -3600))
    }

    @Test func seedingIsIdempotentAndExplainsDifferences() async throws {
        try await Shop.with { shop in
            let terms = Shop.terms(now: try await shop.store.now())
            guard case .created(let sale) = try await shop.store.seed(terms) else {
                Issue.record("nothing was there before")
                return
            }
            #expect(try await shop.store.seed(terms) == .same(sale))
            var other = terms
            other.stock = 99
            other.itemName = "Chair"
            guard case .differs(let existing, let differences) = try await shop.store.seed(other) else {
                Issue.record("the stock is another one")
                return
            }
            #expect(existing == sale)
            #expect(differences.map(\.field) == ["item_name", "stock"])
            #expect(differences.map(\.existing) == ["Lamp", "100"])
            #expect(differences.map(\.wanted) == ["Chair", "99"])
            #expect(try await shop.count("select count(*) from sales") == 1)
            #expect(try await shop.count("select count(*) from journal_cursor") == 2)
            #expect(try await shop.store.find(sale.id) == sale)
            #expect(try await shop.store.all(limit: 10) == [sale])
            #expect(try await shop.store.unfinished() == [sale])
            #expect(try await shop.store.current(at: terms.opensAt) == sale)
            #expect(try await shop.store.current(at: terms.closesAt) == nil)
            #expect(try await shop.store.find(try #require(SaleID(99))) == nil)
            // Asking again and again uses up no number.
            var later = terms
            later.opensAt = terms.opensAt.adding(milliseconds: 1000)
            #expect(try await shop.store.seed(later).sale.id.rawValue == sale.id.rawValue + 1)
        }
    }

    @Test func badTermsAreRefusedWithAllTheirFaults() async throws {
        try await Shop.with { shop in
            var terms = Shop.terms(now: try await shop.store.now())
            terms.stock = 0
            terms.itemName = ""
            let error = await #expect(throws: ScheduleError.self) { _ = try await shop.store.seed(terms) }
            #expect(error?.code == .invalidTerms)
            #expect(error?.message.contains("item name") == true)
            #expect(error?.message.contains("stock") == true)
            #expect(try await shop.count("select count(*) from sales") == 0)
        }
    }

    @Test func racingSeedsCreateOneSaleWithOnePartition() async throws {
        try await Shop.with { shop in
            let terms = Shop.terms(now: try await shop.store.now())
            let results = try await withThrowingTaskGroup(of: SeedResult.self) { group in
                for _ in 0..<8 {
                    let other = try await shop.anotherProcess()
                    group.addTask { try await other.store.seed(terms) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let created = results.filter { if case .created = $0 { true } else { false } }
            #expect(created.count == 1)
            #expect(Set(results.map(\.sale.id)).count == 1)
            #expect(
                try await shop.count("select count(*) from pg_inherits where inhparent = 'attempts'::regclass") == 1
            )
        }
    }

    /// A report that reads all attempts for minutes must not stop a new sale from being created.
    @Test func seedingDoesNotWaitForReadersOfAttempts() async throws {
        try await Shop.with { shop in
            let reader = try await shop.anotherProcess()
            _ = try await reader.postgres.query("begin")
            _ = try await reader.postgres.query("select count(*) from attempts")
            _ = try await shop.store.seed(Shop.terms(now: try await shop.store.now()))
            _ = try await reader.postgres.query("rollback")
        }
    }

    @Test func theTermsOfASaleAreImmutable() async throws {
        try await Shop.with { shop in
            let sale = try await shop.openSale()
            await #expect(throws: PostgresError.self) {
                _ = try await shop.postgres.query("update sales set stock = stock + 1 where id = \(sale.id)")
            }
            await #expect(throws: PostgresError.self) { _ = try await shop.postgres.query("delete from ledger") }
        }
    }
}
