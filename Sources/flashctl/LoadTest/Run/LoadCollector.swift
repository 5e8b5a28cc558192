import Histogram

/// Adds up what the workers hand over, and makes the intervals of it.
struct LoadCollector {
    /// How busy the threads of the generator were.
    private struct Thread {
        var began: (at: UInt64, seconds: Double)?
        var last: (at: UInt64, seconds: Double)?

        /// Share of the time, 0…1.
        var share: Double {
            guard let began, let last, last.at > began.at else { return 0 }
            return (last.seconds - began.seconds) / (Double(last.at - began.at) / 1e9)
        }
    }

    private let plan: LoadPlan
    private let availableProcessors: Int
    /// What counts, and what was due while it was still warming up.
    private(set) var total = LoadCounts()
    private(set) var warm = LoadCounts()
    /// Monotonic time at which the load began; nil before.
    private(set) var startedAt: UInt64?
    private var lastAt: UInt64 = 0
    private var lastProcessorSeconds: Double
    private var threads: [Thread]

    /// - Parameter processorSeconds: of the whole process, until now.
    init(
        _ plan: LoadPlan,
        availableProcessors: Int = ProcessorTime.available,
        processorSeconds: Double = ProcessorTime.seconds()
    ) {
        self.plan = plan
        lastProcessorSeconds = processorSeconds
        self.availableProcessors = availableProcessors
        threads = Array(repeating: Thread(), count: plan.workers)
    }

    /// Busy share of the processors that the generator may use, 0…1: that of its busiest thread, since another one
    /// cannot take its work over.
    var busyShare: Double {
        let all = threads.reduce(0) { $0 + $1.share }
        return threads.reduce(all / Double(min(availableProcessors, max(1, threads.count)))) { max($0, $1.share) }
    }

    /// Takes in what all workers have handed over at this monotonic time; nil while the load has not begun.
    ///
    /// - Parameter processorSeconds: of the whole process, since it started.
    mutating func take(
        _ shares: [LoadShare],
        now: UInt64,
        processorSeconds: Double,
        shop: LoadInterval.Shop?
    ) -> LoadInterval? {
        var counts = LoadCounts()
        var warming = LoadCounts()
        for share in shares {
            counts.add(share.counts)
            warming.add(share.warm)
        }
        total.add(counts)
        if plan.warmupSeconds > 0 {
            warm.add(warming)
            counts.add(warming)
        }
        let processors = processorSeconds - lastProcessorSeconds
        lastProcessorSeconds = processorSeconds
        guard let start = shares.compactMap(\.startedAt).min(), start <= now else { return nil }
        if startedAt == nil { lastAt = start }
        startedAt = start
        for (index, share) in shares.enumerated() where threads.indices.contains(index) {
            if threads[index].began == nil { threads[index].began = (now, share.threadSeconds) }
            threads[index].last = (now, share.threadSeconds)
        }
        let length = Double(now - min(lastAt, now)) / 1e9
        let began = Double(lastAt - min(start, lastAt)) / 1e9
        lastAt = now
        var interval = LoadInterval(start: began, length: length)
        fill(&interval, counts, shares)
        interval.processors = length > 0 ? processors / length : 0
        interval.shop = shop
        return interval
    }

    private func fill(_ interval: inout LoadInterval, _ counts: LoadCounts, _ shares: [LoadShare]) {
        interval.isWarmup = interval.start + interval.length / 2 < plan.warmupSeconds
        interval.targetRate = plan.targetRate(at: interval.start + interval.length / 2)
        interval.sent = counts.sum(\.sent)
        interval.followUps = interval.sent - min(interval.sent, counts.timing.sent)
        interval.completed = counts.sum(\.completed)
        interval.scheduled = counts.timing.scheduled
        interval.scheduleLagP99 = counts.timing.lagP99
        interval.inFlight = shares.reduce(0) { $0 + $1.inFlight }
        interval.waiting = shares.reduce(0) { $0 + $1.waiting }
        let times = counts.times
        for outcome in times.seen {
            interval.outcomes[outcome] = times.count(outcome)
            interval.latencies[outcome] = times.latency(outcome)
        }
    }
}
