/// Where a running load test stands.
struct LoadSample: Sendable, Equatable {
    var answered: UInt64
    /// Network errors of both kinds.
    var networkErrors: UInt64
    /// Answers by status.
    var statuses: [Int: UInt64]
    /// Latency that 99 % of the answers so far stayed below, the slowest class of statuses counting; nanoseconds.
    var p99: UInt64

    init(_ tally: borrowing LoadTally) {
        answered = tally.answered
        networkErrors = tally.networkErrors
        statuses = [:]
        for (status, count) in tally.statuses.enumerated() where count > 0 { statuses[status] = count }
        p99 = tally.latencies.compactMap { $0?.valueAtPercentile(99) }.max() ?? 0
    }

    /// Adds what another worker has.
    mutating func add(_ other: LoadSample) {
        answered += other.answered
        networkErrors += other.networkErrors
        statuses.merge(other.statuses, uniquingKeysWith: +)
        p99 = max(p99, other.p99)
    }
}
