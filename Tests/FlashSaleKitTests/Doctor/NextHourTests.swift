import Testing

@testable import FlashSaleKit

/// Whether the sale of the next hour is ready.
@Suite(.serialized) struct NextHourTests {
    private func hour(minute: Int64, wanted: Bool = true, epoch: Int64?, inRedis: Bool, exists: Bool) throws
        -> DeepCheck
    {
        let now = Timestamp(seconds: 7200 + minute * 60)
        let terms = HourlyTerms().terms(ofHourAt: Timestamp(seconds: 10_800))
        let sale = Sale(id: try #require(SaleID(3)), terms: terms, epoch: epoch, finishedAt: nil)
        return NextHour(now: now, isWanted: wanted, sale: exists ? sale : nil, isInRedis: inRedis).check
    }

    @Test func aPreparedSaleIsFine() throws {
        let check = try hour(minute: 13, epoch: 1, inRedis: true, exists: true)
        #expect(check == .ok(.nextHour, "Sale 3 of the next hour is prepared in both stores; it opens in 47 min."))
    }

    @Test(
        arguments: [
            (13, .warning), (50, .warning), (51, .critical), (59, .critical),
        ] as [(Int64, GuardCheck.Level)]
    )
    func aMissingSaleIsUrgentBeforeTheHour(minute: Int64, level: GuardCheck.Level) throws {
        let missing = try hour(minute: minute, epoch: nil, inRedis: false, exists: false)
        #expect(missing.level == level)
        #expect(missing.sentence.contains("There is no sale of the next hour; it should open in \(60 - minute) min"))
        #expect(missing.fix?.contains("flashctl rotate-hour") == true)
        let half = try hour(minute: minute, epoch: 1, inRedis: false, exists: true)
        #expect(half.level == level && half.sentence.contains("not in Redis"))
        #expect(try hour(minute: minute, epoch: nil, inRedis: true, exists: true).level == level)
    }

    @Test func whoHasNoHourlySalesNeedsNone() throws {
        let check = try hour(minute: 55, wanted: false, epoch: nil, inRedis: false, exists: false)
        #expect(check.level == .ok)
    }

    @Test func bothStoresAreRead() async throws {
        try await Shop.with { shop in
            let now = try await shop.store.now()
            func read(_ rotates: Bool) async throws -> NextHour {
                try await NextHour.read(at: now, rotates: rotates, redis: shop.redis, postgres: shop.postgres)
            }
            #expect(try await read(true).check.level != .ok)
            #expect(try await read(false).check.level == .ok)
            let terms = HourlyTerms().terms(ofHourAt: now.adding(milliseconds: 3_600_000))
            let sale = try await shop.store.seed(terms).sale
            let seeded = try await read(false)
            #expect(seeded.sale?.id == sale.id && !seeded.isInRedis && seeded.check.level != .ok)
            _ = try await SaleOpener(redis: shop.redis, postgres: shop.postgres).open(sale)
            #expect(try await read(false).check.level == .ok)
            _ = try await shop.redis.send(RedisCommand("DEL", SaleKeys(sale.id).sale))
            #expect(try await read(false).check.level != .ok)
        }
    }
}
