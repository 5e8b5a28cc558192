/// Where a running load test stands.
struct LoadSample: Sendable, Equatable {
    /// Answers, those to purchases included.
    var answered: UInt64
    /// Answers to checkouts: how far the run is.
    var checkouts: UInt64
    /// Codes that were paid for.
    var committed: UInt64
    /// Network errors of both kinds.
    var networkErrors: UInt64
    /// Answers to checkouts by status.
    var statuses: [Int: UInt64]
    /// Latency that 99 % of the answers so far stayed below, the slowest class of statuses counting; nanoseconds.
    var p99: UInt64

    init(_ counts: borrowing LoadCounts) {
        checkouts = counts.checkouts.answered
        answered = checkouts + counts.purchases.requests.answered
        committed = counts.purchases.committed
        networkErrors = counts.checkouts.networkErrors + counts.purchases.requests.networkErrors
        statuses = [:]
        for (status, count) in counts.checkouts.statuses.enumerated() where count > 0 { statuses[status] = count }
        let latencies = counts.checkouts.latencies + counts.purchases.requests.latencies
        p99 = latencies.compactMap { $0?.valueAtPercentile(99) }.max() ?? 0
    }

    /// Adds what another worker has.
    mutating func add(_ other: LoadSample) {
        answered += other.answered
        checkouts += other.checkouts
        committed += other.committed
        networkErrors += other.networkErrors
        statuses.merge(other.statuses, uniquingKeysWith: +)
        p99 = max(p99, other.p99)
    }
}
