import Histogram

/// A stretch of the timeline: one second, or several when the run is long. Small enough to keep hours of them.
struct LoadPoint: Sendable, Equatable {
    /// Seconds from the start of the load.
    var start: Double
    var length: Double
    var isWarmup: Bool
    /// Requests per second that the plan asks for, on the average; nil in the closed model.
    var targetRate: Double?
    var scheduled: UInt64
    var sent: UInt64
    /// Of those sent the ones that the plan did not ask for.
    var followUps: UInt64
    var completed: UInt64
    /// At the end.
    var inFlight: UInt64
    /// At the end.
    var waiting: UInt64
    /// In the order of `LoadOutcome.allCases`.
    var outcomes: [UInt64]
    /// Nanoseconds of all that ended; exact for a point of one interval, at most 1/32 too high for one of several.
    var latency: Percentiles
    var scheduleLagP99: UInt64
    var processors: Double
    /// At the end.
    var shop: LoadInterval.Shop?
    private var sketch: LatencySketch

    struct Percentiles: Sendable, Equatable {
        var p50: UInt64 = 0
        var p90: UInt64 = 0
        var p99: UInt64 = 0
        var p999: UInt64 = 0
        var max: UInt64 = 0
    }

    init(_ interval: LoadInterval) {
        start = interval.start
        length = interval.length
        isWarmup = interval.isWarmup
        targetRate = interval.targetRate
        scheduled = interval.scheduled
        sent = interval.sent
        followUps = interval.followUps
        completed = interval.completed
        inFlight = interval.inFlight
        waiting = interval.waiting
        outcomes = LoadOutcome.allCases.map { interval.outcomes[$0] ?? 0 }
        scheduleLagP99 = interval.scheduleLagP99
        processors = interval.processors
        shop = interval.shop
        var all: Histogram<UInt64>?
        for histogram in interval.latencies.values { all.merge(histogram) }
        latency = all.map { Percentiles($0) } ?? Percentiles()
        sketch = all.map { LatencySketch($0) } ?? LatencySketch()
    }

    var end: Double { start + length }
    /// Requests of the plan that were sent.
    var sentOfPlan: UInt64 { sent - min(sent, followUps) }

    func count(of outcome: LoadOutcome) -> UInt64 {
        LoadOutcome.allCases.firstIndex(of: outcome).map { outcomes[$0] } ?? 0
    }

    func perSecond(_ count: UInt64) -> Double { length > 0 ? Double(count) / length : 0 }

    /// Becomes the stretch of both; the other one follows it.
    mutating func append(_ next: LoadPoint) {
        let together = length + next.length
        func average(_ first: Double, _ second: Double) -> Double {
            together > 0 ? (first * length + second * next.length) / together : 0
        }
        if let rate = targetRate, let nextRate = next.targetRate {
            targetRate = average(rate, nextRate)
        } else {
            targetRate = targetRate ?? next.targetRate
        }
        processors = average(processors, next.processors)
        length = together
        scheduled += next.scheduled
        sent += next.sent
        followUps += next.followUps
        completed += next.completed
        inFlight = next.inFlight
        waiting = next.waiting
        for index in outcomes.indices { outcomes[index] += next.outcomes[index] }
        scheduleLagP99 = max(scheduleLagP99, next.scheduleLagP99)
        shop = next.shop ?? shop
        sketch.add(next.sketch)
        latency = Percentiles(sketch, max: max(latency.max, next.latency.max))
    }
}

extension LoadPoint.Percentiles {
    init(_ histogram: Histogram<UInt64>) {
        self.init(
            p50: histogram.valueAtPercentile(50),
            p90: histogram.valueAtPercentile(90),
            p99: histogram.valueAtPercentile(99),
            p999: histogram.valueAtPercentile(99.9),
            max: histogram.valueAtPercentile(100)
        )
    }

    /// - Parameter max: the exact one, which no percentile may exceed.
    init(_ sketch: LatencySketch, max: UInt64) {
        func value(_ percentile: Double) -> UInt64 { min(max, sketch.value(atPercentile: percentile)) }
        self.init(p50: value(50), p90: value(90), p99: value(99), p999: value(99.9), max: max)
    }
}
