import Testing

@testable import flashctl

/// What must hold of whatever numbers come, looked for with numbers that are the same each time.
@Suite struct LoadRandomTests {
    @Test(arguments: 0..<20) func aSearchFindsAnyLimit(seed: UInt64) async throws {
        var chance = Chance(state: seed)
        let limit = Double.random(in: 2...900_000, using: &chance)
        let start = Double.random(in: 1...100_000, using: &chance)
        let search = RateSearch(
            start: start,
            load: { rate in RateSearch.Load(achieved: rate, value: rate, holds: rate <= limit) }
        )
        let result = try await search.run()
        #expect(result.end == .found, "\(limit) from \(start)")
        let highest = try #require(result.highest)
        #expect(highest <= limit && limit / highest <= 1.05, "\(limit) from \(start): \(highest)")
        #expect(Set(result.steps.map(\.rate)).count == result.steps.count, "no rate is tried twice")
        #expect(result.steps.allSatisfy { RateSearch.rates.contains($0.rate) })
    }

    @Test(arguments: 0..<20) func theSecondOfARequestIsTheInverseOfItsCount(seed: UInt64) throws {
        var chance = Chance(state: seed)
        let stages = (0..<Int.random(in: 1...6, using: &chance)).map { _ in
            LoadStage(
                rate: Double(Int.random(in: 0...2000, using: &chance)),
                seconds: Double(Int.random(in: 0...5, using: &chance))
            )
        }
        let curve = LoadCurve(stages)
        #expect(curve.seconds == stages.reduce(0) { $0 + $1.seconds })
        let reached = stages.filter { $0.seconds > 0 }.reduce(0) { max($0, $1.rate) }
        #expect(curve.highestRate >= reached && curve.highestRate <= stages.reduce(0) { max($0, $1.rate) })
        var hint = 0
        var before = 0.0
        var count = 0.0
        while let second = curve.second(of: count, hint: &hint) {
            #expect(second >= before && second <= curve.seconds)
            #expect(abs(curve.requests(until: second) - count) < 1e-3, "\(stages), \(count)")
            before = second
            count += max(1, curve.requests / 200)
        }
        #expect(count >= curve.requests)
    }

    @Test(arguments: 0..<10) func aTimelineLosesNothing(seed: UInt64) {
        var chance = Chance(state: seed)
        var timeline = LoadTimeline()
        var sent: UInt64 = 0
        var counted: UInt64 = 0
        let count = Int.random(in: 1...5000, using: &chance)
        let warmup = Int.random(in: 0...count, using: &chance)
        for second in 0..<count {
            var interval = LoadInterval(start: Double(second), length: 1)
            interval.isWarmup = second < warmup
            interval.sent = UInt64.random(in: 0...1000, using: &chance)
            interval.completed = interval.sent
            interval.outcomes[.soldOut] = interval.sent
            sent += interval.sent
            if !interval.isWarmup { counted += interval.sent }
            timeline.add(interval)
        }
        #expect(timeline.points.count <= LoadTimeline.maximumPoints)
        #expect(timeline.recent.count == min(count, LoadTimeline.longestMemory))
        #expect(timeline.points.reduce(0) { $0 + $1.sent } == sent)
        #expect(timeline.figures.sent == counted && timeline.figures.count(of: LoadGroup(.soldOut)) == counted)
        #expect(timeline.figures.seconds == Double(count - warmup))
        var end = 0.0
        for point in timeline.points {
            #expect(point.start == end, "no second is missing, none is there twice")
            end = point.end
        }
        #expect(end == Double(count))
    }

    @Test func seededNumbersAreInTheirBoundsAndDiffer() {
        let hash = SeededHash(seed: 7)
        var seen = Set<UInt64>()
        var counts = [Int](repeating: 0, count: 10)
        for place in 0..<10_000 {
            seen.insert(hash.bits(place, 1))
            let number = hash.below(10, place, 2)
            counts[number] += 1
            let fraction = hash.fraction(place, 3)
            #expect(fraction >= 0 && fraction < 1)
            #expect(hash.bits(place, 1) != hash.bits(place, 2))
        }
        #expect(seen.count == 10_000)
        #expect(counts.allSatisfy { (800...1200).contains($0) }, "\(counts)")
        #expect(SeededHash(seed: 7) == hash && SeededHash(seed: 8) != hash)
        #expect(hash.below(1, 99, 0) == 0)
    }

    @Test(arguments: [(1, 10), (2, 10), (3, 10), (7, 3), (5, 0)])
    func workersShareTheNumbers(workers: Int, end: Int) {
        var all: [Int] = []
        for first in 0..<workers {
            var source = NumberSource(first, stride: workers, end: end)
            while source.hasMore, let number = source.next() { all.append(number) }
            #expect(source.next() == nil && !source.hasMore)
        }
        #expect(all.sorted() == Array(0..<end))
        var ended = NumberSource(0, stride: 1, end: 10)
        _ = ended.next()
        ended.endNow()
        #expect(ended.next() == nil && !ended.hasMore)
    }
}
