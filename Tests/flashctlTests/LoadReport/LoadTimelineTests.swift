import Foundation
import Histogram
import Testing

@testable import flashctl

/// What is kept of a load test while it runs.
@Suite struct LoadTimelineTests {
    @Test func aPointIsItsSecond() throws {
        var timeline = LoadTimeline()
        var second = SampleLoad.second(3, held: 60, soldOut: 40)
        second.shop = .init(free: 5, held: 3, sold: 2, backlog: 7)
        second.inFlight = 4
        timeline.add(second)
        let point = try #require(timeline.points.first)
        #expect(point.start == 3 && point.end == 4 && !point.isWarmup)
        #expect(point.count(of: .held) == 60 && point.count(of: .soldOut) == 40 && point.count(of: .banned) == 0)
        #expect(point.perSecond(point.completed) == 100 && point.targetRate == 100 && point.inFlight == 4)
        #expect(point.shop?.backlog == 7)
        // Exact to the three digits of the histogram.
        #expect(NumberText.latency(nanoseconds: point.latency.p50) == "1.00 ms")
        #expect(NumberText.latency(nanoseconds: point.latency.p99) == "2.00 ms")
    }

    @Test func theWarmUpIsInNoTotal() {
        var timeline = LoadTimeline()
        timeline.add(SampleLoad.second(0, held: 500, isWarmup: true))
        timeline.add(SampleLoad.second(1, held: 60, soldOut: 40))
        timeline.add(SampleLoad.second(2, held: 60, soldOut: 40))
        #expect(timeline.points.map(\.isWarmup) == [true, false, false])
        #expect(timeline.figures.completed == 200 && timeline.figures.seconds == 2)
        #expect(timeline.figures.count(of: LoadGroup(.held)) == 120)
        #expect(timeline.figures.perSecond(timeline.figures.sent) == 100)
        #expect(timeline.figures.latency(of: .checkouts)?.totalCount == 200)
        #expect(timeline.figures.targeted == 200)
    }

    @Test func hoursTakeNoMoreMemoryThanMinutes() throws {
        var timeline = LoadTimeline()
        let hours = 3 * 3600
        for second in 0..<hours {
            // Cheap seconds: what is kept of each is what counts here.
            var interval = LoadInterval(start: Double(second), length: 1)
            interval.isWarmup = second < 7
            interval.sent = 3
            interval.outcomes[.held] = 3
            timeline.add(interval)
            #expect(timeline.points.count <= LoadTimeline.maximumPoints)
            #expect(timeline.recent.count <= LoadTimeline.longestMemory)
        }
        // Nothing is lost or counted twice, and no gap is left.
        #expect(timeline.points.count > LoadTimeline.maximumPoints / 3)
        #expect(timeline.points.reduce(0) { $0 + $1.count(of: .held) } == UInt64(3 * hours))
        #expect(timeline.points.first?.start == 0 && timeline.points.last?.end == Double(hours))
        for (point, next) in zip(timeline.points, timeline.points.dropFirst()) { #expect(point.end == next.start) }
        // The warm-up keeps its end.
        #expect(timeline.points.last(where: \.isWarmup)?.end == 7)
        #expect(timeline.figures.sent == UInt64(3 * (hours - 7)))
        #expect(timeline.recent.last?.length == 1)
    }

    @Test func pointsThatBecomeOneKeepWhatTheySay() {
        var point = LoadPoint(SampleLoad.second(0, held: 100, soldOut: 0, microseconds: 1000))
        var later = SampleLoad.second(1, held: 300, soldOut: 0, microseconds: 8000)
        later.length = 3
        later.targetRate = 200
        later.processors = 0.9
        later.scheduleLagP99 = 90_000
        point.append(LoadPoint(later))
        #expect(point.length == 4 && point.completed == 400)
        #expect(point.targetRate == 175 && point.processors == 0.8 && point.scheduleLagP99 == 90_000)
        // Three quarters took eight milliseconds: the median of both is theirs, not the middle of two medians.
        let error = Double(point.latency.p50) / 8e6 - 1
        #expect((0...0.04).contains(error))
        #expect(point.latency.max == LoadPoint(later).latency.max)
        #expect(point.latency.p50 <= point.latency.p99 && point.latency.p99 <= point.latency.max)
    }

    @Test func theBacklogIsRememberedAtItsWorst() {
        var timeline = LoadTimeline()
        for (number, backlog) in [3, 90, 5].enumerated() {
            var second = SampleLoad.second(number)
            second.shop = .init(free: 1, held: 0, sold: 0, backlog: backlog)
            second.waiting = UInt64(number)
            timeline.add(second)
        }
        #expect(timeline.figures.largestBacklog == 90 && timeline.figures.shop?.backlog == 5)
        #expect(timeline.figures.unsent == 2, "what waits at the end was not sent")
    }
}

/// Latencies in a few hundred bytes.
@Suite struct LatencySketchTests {
    @Test func percentilesAreAtMostOneThirtySecondTooHigh() {
        var chance = Chance(state: 5)
        var histogram = LoadTally.newHistogram()
        for _ in 0..<20_000 {
            histogram.record(UInt64(exp(Double.random(in: 7...25.8, using: &chance))))
        }
        let sketch = LatencySketch(histogram)
        #expect(sketch.count == 20_000)
        for percentile in [1, 10, 50, 90, 99, 99.9, 100.0] {
            let exact = Double(histogram.valueAtPercentile(percentile))
            let found = Double(sketch.value(atPercentile: percentile))
            #expect(found >= exact * 0.999 && found <= exact * (1 + 1.0 / 32) + 1100, "p\(percentile)")
        }
        #expect(sketch.size < 900)
    }

    @Test func aSumIsTheSketchOfAll() {
        let first = SampleLoad.histogram(microseconds: 1...500)
        let second = SampleLoad.histogram(microseconds: stride(from: 300, to: 90_000, by: 77))
        var both = first
        both.add(second)
        var sum = LatencySketch(first)
        sum.add(LatencySketch(second))
        #expect(sum == LatencySketch(both))
        var empty = LatencySketch()
        #expect(empty.value(atPercentile: 99) == 0)
        empty.add(sum)
        #expect(empty == sum)
    }

    @Test func smallAndLargeValuesHaveTheirPlace() {
        for microseconds in [1, 31, 32, 63, 64, 1000, 170_000_000] {
            let histogram = SampleLoad.histogram(microseconds: [microseconds])
            let found = LatencySketch(histogram).value(atPercentile: 50)
            let exact = UInt64(microseconds) * 1000
            #expect(found >= exact && Double(found) <= Double(exact) * 1.04 + 1100)
        }
    }
}
