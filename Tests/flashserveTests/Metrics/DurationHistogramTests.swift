import NIOCore
import Testing

@testable import flashserve

@Suite struct DurationHistogramTests {
    private func histogram(_ milliseconds: [Int64]) -> DurationHistogram {
        var histogram = DurationHistogram()
        for time in milliseconds { histogram.record(.milliseconds(time)) }
        return histogram
    }

    @Test("a duration falls into the first bucket whose upper end is not below it")
    func buckets() {
        let bounds = DurationHistogram.bounds
        #expect(bounds == bounds.sorted() && Set(bounds).count == bounds.count)
        for (index, bound) in bounds.enumerated() {
            #expect(DurationHistogram.bucket(bound) == index)
            #expect(DurationHistogram.bucket(bound + 1) == index + 1)
        }
        #expect(DurationHistogram.bucket(0) == 0 && DurationHistogram.bucket(-1) == 0)
        #expect(DurationHistogram.bucket(.max) == bounds.count)
    }

    @Test("a percentile is exact to its bucket")
    func percentiles() throws {
        #expect(DurationHistogram().percentile(0.5) == nil)
        let even = histogram(Array(1...1000))
        for share in [0.1, 0.5, 0.9, 0.99] {
            let found = try #require(even.percentile(share)) * 1000
            let bucket = DurationHistogram.bucket(Int(share * 1e9))
            #expect(DurationHistogram.bucket(Int(found * 1e6)) == bucket, "\(share): \(found) ms")
        }
        let slowest = try #require(even.percentile(1))
        #expect(slowest == 1)
        #expect(histogram([60_000]).percentile(0.5) == 10, "more than the last bucket says is not known")
        #expect(try #require(histogram([2]).percentile(0)) > 0.0015)
    }

    @Test("the difference of two copies is what came between them")
    func difference() {
        var running = histogram([1, 1, 1, 400])
        let before = running
        running.record(.milliseconds(20))
        running.record(.milliseconds(30))
        let between = running - before
        #expect(between.count == 2 && between.nanoseconds == 50_000_000)
        #expect(between == histogram([20, 30]))
        #expect(before + between == running)
    }

    @Test("a scrape shows cumulative buckets of 0.5 ms to 5 s, and all others in the last one")
    func exported() {
        let shown = histogram([0, 1, 2, 5, 6, 400, 5000, 5001, 90_000]).exported
        #expect(shown.buckets.map(\.bound) == [0.0005, 0.0015, 0.005, 0.015, 0.05, 0.15, 0.5, 1.5, 5])
        #expect(shown.buckets.map(\.cumulative) == [1, 2, 4, 5, 5, 5, 6, 6, 7])
        #expect(shown.count == 9)
        #expect(abs(shown.sum - 100.415) < 1e-9)
    }
}
