import Histogram
import Testing

@testable import flashctl

/// Sums, averages and percentiles of a run, against the same worked out in another way.
@Suite struct LoadMathTests {
    private func interval(_ second: Double, _ chance: inout Chance) -> LoadInterval {
        var interval = LoadInterval(start: second, length: 1)
        interval.targetRate = Double.random(in: 1...1000, using: &chance)
        interval.processors = Double.random(in: 0...2, using: &chance)
        interval.scheduleLagP99 = UInt64.random(in: 0...1_000_000, using: &chance)
        interval.inFlight = UInt64.random(in: 0...100, using: &chance)
        interval.waiting = UInt64.random(in: 0...100, using: &chance)
        for outcome in [LoadOutcome.held, .soldOut, .timedOut] {
            var histogram = LoadTally.newHistogram()
            let count = Int.random(in: 1...60, using: &chance)
            for _ in 0..<count { histogram.record(UInt64.random(in: 2000...4_000_000_000, using: &chance)) }
            interval.outcomes[outcome] = UInt64(count)
            interval.latencies[outcome] = histogram
            interval.completed += UInt64(count)
        }
        interval.sent = interval.completed
        interval.scheduled = interval.completed + 1
        return interval
    }

    @Test(arguments: 0..<12) func aLongerPointIsTheSumOfItsSeconds(seed: UInt64) throws {
        var chance = Chance(state: seed)
        let intervals = (0..<8).map { interval(Double($0), &chance) }
        var point = LoadPoint(intervals[0])
        var all: Histogram<UInt64>?
        for histogram in intervals.flatMap(\.latencies.values) { all.merge(histogram) }
        for next in intervals.dropFirst() { point.append(LoadPoint(next)) }
        #expect(point.start == 0 && point.length == 8 && point.end == 8)
        #expect(point.sent == intervals.reduce(0) { $0 + $1.sent })
        #expect(point.scheduled == intervals.reduce(0) { $0 + $1.scheduled })
        #expect(point.completed == intervals.reduce(0) { $0 + $1.completed })
        #expect(point.inFlight == intervals.last?.inFlight && point.waiting == intervals.last?.waiting)
        #expect(point.scheduleLagP99 == intervals.map(\.scheduleLagP99).max())
        let processors = intervals.reduce(0) { $0 + $1.processors } / 8
        #expect(abs(point.processors - processors) < 1e-9)
        let targets = intervals.reduce(0) { $0 + ($1.targetRate ?? 0) } / 8
        #expect(abs((point.targetRate ?? 0) - targets) < 1e-9)
        for outcome in LoadOutcome.allCases {
            #expect(point.count(of: outcome) == intervals.reduce(0) { $0 + ($1.outcomes[outcome] ?? 0) })
        }
        let exact = try #require(all)
        #expect(point.latency.max == exact.valueAtPercentile(100))
        let percentiles = [(point.latency.p50, 50.0), (point.latency.p90, 90), (point.latency.p99, 99)]
        for (value, percentile) in percentiles {
            let wanted = Double(exact.valueAtPercentile(percentile))
            // The histogram itself has three digits.
            #expect(Double(value) >= wanted * 0.998, "p\(percentile): \(value), exactly \(wanted)")
            #expect(
                Double(value) <= wanted * (1 + 1.0 / 32) * 1.002 + 1024,
                "p\(percentile): \(value), exactly \(wanted)"
            )
        }
    }

    @Test(arguments: 0..<12) func theSumsOfARunAreThoseOfItsSeconds(seed: UInt64) throws {
        var chance = Chance(state: seed)
        var figures = LoadFigures()
        var intervals = (0..<6).map { interval(Double($0), &chance) }
        intervals[0].isWarmup = true
        intervals[2].shop = .init(free: 9, held: 1, sold: 0, backlog: 70)
        intervals[4].shop = .init(free: 5, held: 1, sold: 4, backlog: 3)
        for interval in intervals { figures.add(interval) }
        let counted = intervals.dropFirst()
        #expect(figures.seconds == 5)
        #expect(figures.sent == counted.reduce(0) { $0 + $1.sent })
        #expect(figures.scheduled == counted.reduce(0) { $0 + $1.scheduled })
        #expect(abs((figures.targeted ?? 0) - counted.reduce(0) { $0 + ($1.targetRate ?? 0) }) < 1e-6)
        #expect(abs(figures.processors - counted.reduce(0) { $0 + $1.processors } / 5) < 1e-9)
        #expect(figures.scheduleLagP99 == counted.map(\.scheduleLagP99).max())
        #expect(figures.unsent == intervals[5].waiting && figures.unanswered == intervals[5].inFlight)
        #expect(figures.shop?.sold == 4 && figures.largestBacklog == 70)
        for outcome in [LoadOutcome.held, .soldOut] {
            let count = counted.reduce(0) { $0 + ($1.outcomes[outcome] ?? 0) }
            #expect(figures.count(of: LoadGroup(outcome)) == count)
            #expect(figures.latency(of: LoadGroup(outcome))?.totalCount == count)
            #expect(figures.perSecond(count) == Double(count) / 5)
        }
        // Whoever waited in vain waited for a checkout.
        let checkouts = try #require(figures.latency(of: .checkouts))
        let waited = figures.count(of: .checkouts) + figures.count(of: LoadGroup(.timedOut))
        #expect(checkouts.totalCount == waited)
        let shares = LoadOutcome.allCases.reduce(0) { $0 + figures.share(of: figures.count(of: LoadGroup($1))) }
        #expect(abs(shares - 100) < 1e-9)
    }

    @Test func theCodesOfARunAreEachInOneCount() {
        var totals = PurchaseTotals()
        #expect(totals.isClean && totals.addsUp)
        totals.codes = 10
        totals.scheduled = 6
        #expect(!totals.addsUp, "nobody knows what became of six codes")
        for _ in 0..<4 {
            totals.tally.requests.sent += 1
            totals.tally.requests.record(status: 200, nanoseconds: 1000)
            totals.tally.recordSuccess(replayed: false, tries: 1, nanoseconds: 5000)
        }
        #expect(!totals.addsUp)
        totals.leftover = .init(unsent: 1, pending: 1)
        #expect(totals.addsUp && !totals.isClean && totals.unsent == 1 && totals.pending == 1)
        totals.leftover = .init()
        var warm = PurchaseTally()
        for _ in 0..<2 {
            warm.requests.sent += 1
            warm.requests.record(status: 404, nanoseconds: 1000)
        }
        totals.warm = warm
        #expect(totals.addsUp && totals.isClean, "what was bought while it was warming up is in no total")
        totals.tally.withoutCode = 1
        #expect(!totals.isClean)
        totals.tally.withoutCode = 0
        totals.tally.requests.sent += 1
        #expect(totals.unanswered == 1 && !totals.isClean)
        totals.tally.requests.record(status: 503, nanoseconds: 1000)
        totals.scheduled += 1
        #expect(totals.addsUp && !totals.isClean, "a server error is no final answer")
    }

    @Test(arguments: 0..<20) func aPoolKeepsEveryCode(seed: UInt64) throws {
        var chance = Chance(state: seed)
        let pool = PurchasePool(collectors: 1, capacity: 50)
        var flying: [PurchaseJob] = []
        var waiting: [PurchaseJob] = []
        var settled: UInt64 = 0
        for number in 0..<500 {
            switch Int.random(in: 0..<6, using: &chance) {
            case 0, 1: pool.collect(Array("1-\(number)".utf8), percent: 100)
            case 2, 3: if let job = pool.take() { flying.append(job) }
            case 4:
                guard !flying.isEmpty else { continue }
                let job = flying.removeFirst()
                if Bool.random(using: &chance) {
                    pool.settled()
                    settled += 1
                } else {
                    pool.postponed()
                    waiting.append(PurchaseJob(code: job.code, tries: job.tries + 1))
                }
            default: if !waiting.isEmpty { pool.due(waiting.removeFirst()) }
            }
            let left = pool.leftover
            let codes = pool.codes
            #expect(codes.all == codes.scheduled)
            #expect(codes.scheduled == settled + UInt64(flying.count) + left.unsent + left.pending)
            #expect(!pool.isDone, "checkouts may still come")
        }
        pool.collectorEnded()
        while !flying.isEmpty || !waiting.isEmpty || pool.hasReady {
            while !waiting.isEmpty { pool.due(waiting.removeFirst()) }
            while let job = pool.take() { flying.append(job) }
            #expect(!pool.isDone)
            while !flying.isEmpty {
                flying.removeFirst()
                pool.settled()
            }
        }
        #expect(pool.isDone && pool.leftover == .init())
    }
}
