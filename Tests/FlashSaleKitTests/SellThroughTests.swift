import Testing

@testable import FlashSaleKit

/// How a sale will end, reckoned from two counts.
struct SellThroughTests {
    /// At second 1,000 of a sale that closes at second 2,000.
    private func forecast(stock: Int = 1000, sold: Int, earlier: (second: Int64, sold: Int)?) -> SellThrough {
        .forecast(
            now: Timestamp(seconds: 1000),
            closesAt: Timestamp(seconds: 2000),
            stock: stock,
            sold: sold,
            earlier: earlier.map { AttemptPace.Mark(at: Timestamp(seconds: $0.second), sold: $0.sold) }
        )
    }

    @Test(arguments: [
        // 2 in a second, 400 left: 200 s.
        (1000, 600, 950, 500, SellThrough.sellsOut(at: Timestamp(seconds: 1200), perSecond: 2)),
        // 0.1 in a second for 1,000 s.
        (1000, 600, 950, 595, .leaves(sold: 700, perSecond: 0.1)),
        // The last unit would be sold at the very close.
        (1000, 500, 900, 450, .leaves(sold: 1000, perSecond: 0.5)),
        (1, 1, 950, 0, .soldOut),
        (10_000_000, 9_999_999, 990, 0, .sellsOut(at: Timestamp(seconds: 1000), perSecond: 999_999.9)),
    ])
    func aPaceGivesAForecast(stock: Int, sold: Int, second: Int64, before: Int, expected: SellThrough) {
        let found = forecast(stock: stock, sold: sold, earlier: (second, before))
        if case .sellsOut(let at, let pace) = found, case .sellsOut(let wanted, let wantedPace) = expected {
            #expect(abs(at.microseconds - wanted.microseconds) < 1_000_000)
            #expect(abs(pace - wantedPace) < 0.001)
        } else {
            #expect(found == expected)
        }
    }

    @Test func aSoldOutSaleNeedsNoPace() {
        #expect(forecast(sold: 1000, earlier: nil) == .soldOut)
        #expect(forecast(sold: 1001, earlier: (999, 1001)) == .soldOut)
    }

    @Test(
        arguments: [
            (nil, "no attempt was made"), (991, "fewer than 10 s"), (1000, "fewer than 10 s"),
            (1010, "fewer than 10 s"),
        ] as [(Int64?, String)]
    )
    func tooLittleIsNoForecast(second: Int64?, reason: String) {
        let found = forecast(sold: 600, earlier: second.map { ($0, 500) })
        guard case .unknown(let why) = found else {
            Issue.record("\(found)")
            return
        }
        #expect(why.contains(reason))
    }

    @Test func aSaleThatDoesNotSellHasNoForecast() {
        #expect(forecast(sold: 600, earlier: (940, 600)) == .unknown("nothing was sold in the last 60 s"))
        #expect(forecast(sold: 500, earlier: (940, 600)) == .unknown("the count of sold units went back"))
        #expect(forecast(stock: 0, sold: 0, earlier: (940, 0)) == .unknown("nothing was sold in the last 60 s"))
    }

    @Test func afterTheCloseNothingMoreIsSold() {
        let mark = AttemptPace.Mark(at: Timestamp(seconds: 2950), sold: 0)
        let found = SellThrough.forecast(
            now: Timestamp(seconds: 3000),
            closesAt: Timestamp(seconds: 2000),
            stock: 100,
            sold: 50,
            earlier: mark
        )
        #expect(found == .leaves(sold: 50, perSecond: 1))
    }
}
