import Histogram

/// How often each outcome came and how long it took. A value: workers keep one each, and they are added up.
struct OutcomeTimes: Sendable {
    /// Nanoseconds from the intended send time to the end, by ``LoadOutcome/ordinal``.
    private var latencies: [Histogram<UInt64>?] = Array(repeating: nil, count: LoadOutcome.count)
    /// Nanoseconds from the actual send time; only where that is another one.
    private var services: [Histogram<UInt64>?] = Array(repeating: nil, count: LoadOutcome.count)

    /// Counts the end of a request; times in nanoseconds. The service time is given when it may be another one.
    mutating func record(_ outcome: LoadOutcome, latency: UInt64, service: UInt64? = nil) {
        let index = outcome.ordinal
        if latencies[index] == nil { latencies[index] = LoadTally.newHistogram() }
        latencies[index]?.record(min(latency, LoadTally.longestLatency))
        guard let service else { return }
        if services[index] == nil { services[index] = LoadTally.newHistogram() }
        services[index]?.record(min(service, LoadTally.longestLatency))
    }

    /// Adds what was counted elsewhere.
    mutating func add(_ other: OutcomeTimes) {
        OutcomeTimes.add(other.latencies, to: &latencies)
        OutcomeTimes.add(other.services, to: &services)
    }

    private static func add(_ others: [Histogram<UInt64>?], to histograms: inout [Histogram<UInt64>?]) {
        for index in histograms.indices {
            guard let added = others[index] else { continue }
            if histograms[index] == nil { histograms[index] = added } else { histograms[index]?.add(added) }
        }
    }

    /// How often an outcome came.
    func count(_ outcome: LoadOutcome) -> UInt64 { latencies[outcome.ordinal]?.totalCount ?? 0 }

    /// Latencies of an outcome, nil when it never came.
    func latency(_ outcome: LoadOutcome) -> Histogram<UInt64>? { latencies[outcome.ordinal] }

    /// Service times of an outcome: the latencies, when every request was sent at its time.
    func service(_ outcome: LoadOutcome) -> Histogram<UInt64>? {
        services[outcome.ordinal] ?? latencies[outcome.ordinal]
    }

    /// Whether service times are something else than latencies.
    var hasServiceTimes: Bool { services.contains { $0 != nil } }

    /// The outcomes that came, in the order of their declaration.
    var seen: [LoadOutcome] { LoadOutcome.allCases.filter { latencies[$0.ordinal] != nil } }

    /// All latencies of these outcomes together; nil when none of them came.
    func latency(of outcomes: some Sequence<LoadOutcome>) -> Histogram<UInt64>? {
        var sum: Histogram<UInt64>?
        for outcome in outcomes {
            guard let added = latencies[outcome.ordinal] else { continue }
            if sum == nil { sum = added } else { sum?.add(added) }
        }
        return sum
    }
}
