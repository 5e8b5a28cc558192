import FlashSaleKit
import Testing

@testable import flashctl
@testable import flashserve

/// The generator against the real server: what it reports is what Postgres has.
@Suite(.serialized) struct LoadShopTests {
    private static let books = """
        select count(*), count(distinct unit), max(unit), count(distinct user_id), max(user_slot) from purchases
        """

    @Test(arguments: [1, 2]) func everyUnitIsBoughtAndReportedOnce(threads: Int) async throws {
        try await ShopServer.with(stock: 120, limit: 1, eventLoops: threads) { shop in
            // The users of the second run have been here before.
            let first = try await shop.load(80, runID: "crowd") { $0.threads = threads }
            #expect(first.status == .success)
            #expect(first.purchases == 80)
            let second = try await shop.load(300, runID: "crowd") { $0.threads = threads }
            #expect(second.status == .success)
            #expect(second.accepted == 40)
            #expect(second.refused == 260)
            #expect(second.purchases == 40)
            #expect(second.purchasing.codes == 40)
            #expect(second.purchasing.scheduled == 40)
            #expect(second.purchasing.addsUp)
            #expect(second.purchasing.tally.requests.count([200]) == 40)
            #expect(second.purchasing.tally.untilCommitted?.totalCount == 40)
            #expect(second.perSecond(second.purchases) < second.perSecond(second.tally.answered))
            let row = try await shop.row(LoadShopTests.books)
            // All answered purchases are in Postgres at once; attempts follow.
            #expect(row == ["120", "120", "120", "120", "1"])
            try await shop.eventually("select count(*) from attempts where outcome = 'H'", is: "120")
            try await shop.eventually("select count(*) from attempts", is: "380")
        }
    }

    @Test func aShareOfTheCodesIsPaidFor() async throws {
        try await ShopServer.with(stock: 60) { shop in
            let summary = try await shop.load(100, runID: "some") { $0.purchasePercent = 25 }
            #expect(summary.status == .success)
            #expect(summary.accepted == 60)
            #expect(summary.purchases == 15)
            #expect(summary.purchasing.scheduled == 15)
            #expect(summary.purchasing.codes == 60)
            #expect(try await shop.row("select count(*) from purchases") == ["15"])
        }
    }

    @Test func purchasesThatPostgresHasNotYetAreAskedAgain() async throws {
        var times = ServerTimes(all: TestPatience.limit)
        times.purchase = .milliseconds(300)
        try await ShopServer.with(stock: 10, times: times) { shop in
            let sale = try #require(try await shop.row("select id::text from sales").first ?? nil)
            try await shop.stores.stack.stopPostgres()
            async let summary = shop.load(30, runID: "patient")
            try await shop.stores.withRedis { redis in
                try await eventually("the purchase of ten units") {
                    try await redis.send(RedisCommand("HGET", "fs:{\(sale)}:sale", "sold")).string == "10"
                }
            }
            try await Task.sleep(for: .seconds(3.5))
            try await shop.stores.stack.startPostgres()
            let found = try await summary
            #expect(found.status == .success)
            #expect(found.purchases == 10)
            let tally = found.purchasing.tally
            // A server that has waited for Postgres says 202, and that is no purchase.
            #expect(tally.requests.count([202]) >= 10)
            #expect(tally.askedAgain == tally.requests.count([202]))
            #expect(tally.replayed == 10)
            #expect(tally.requests.sent == 10 + tally.askedAgain)
            #expect(try #require(tally.untilCommitted).valueAtPercentile(50) > 3_500_000_000)
            #expect(found.purchasing.addsUp)
            #expect(try await shop.row("select count(*), max(unit) from purchases") == ["10", "10"])
        }
    }
}
