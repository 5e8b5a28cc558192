import Histogram

/// What was answered to one kind of request, how often and how fast. A value: workers keep one each, and they are added
/// up.
struct LoadTally: Sendable {
    /// A refusal and how often it came.
    struct Refusal: Sendable, Equatable {
        var status: Int
        /// The `error` of the body; empty when the body has none.
        var code: [UInt8]
        var count: UInt64
    }

    /// Different refusals that are told apart; further ones are counted by status only.
    static let maximumRefusals = 64
    /// Longest latency that is recorded, in nanoseconds; no request is waited for so long.
    static let longestLatency: UInt64 = 180_000_000_000

    let kind: LoadKind
    /// Answers by status, 0…599.
    private(set) var statuses = [UInt64](repeating: 0, count: 600)
    private(set) var refusals: [Refusal] = []
    private(set) var times = OutcomeTimes()
    /// Requests that ended without an answer, by kind.
    private(set) var failures = [UInt64](repeating: 0, count: NetworkErrorKind.allCases.count)
    /// Connections that did not come about, by kind. No request was lost by them.
    private(set) var connectFailures = [UInt64](repeating: 0, count: NetworkErrorKind.allCases.count)
    /// Requests written to a connection.
    var sent: UInt64 = 0
    private(set) var answered: UInt64 = 0
    private(set) var failed: UInt64 = 0
    /// Monotonic times in nanoseconds of the first request and of the last answer; 0 before.
    var firstSentAt: UInt64 = 0
    var lastAnsweredAt: UInt64 = 0

    init(_ kind: LoadKind = .checkout) {
        self.kind = kind
    }

    /// Latencies from a microsecond to ``longestLatency``, three digits each.
    static func newHistogram() -> Histogram<UInt64> {
        Histogram(
            lowestDiscernibleValue: 1000,
            highestTrackableValue: longestLatency,
            numberOfSignificantValueDigits: .three
        )
    }

    /// Counts a request that is sent.
    mutating func recordSent(at now: UInt64) {
        if firstSentAt == 0 { firstSentAt = now }
        sent += 1
    }

    /// Counts an answer.
    mutating func record(status: Int, nanoseconds: UInt64, service: UInt64? = nil, body: [UInt8] = []) {
        statuses[min(status, 599)] += 1
        answered += 1
        times.record(LoadOutcome(kind, status: status, body: body), latency: nanoseconds, service: service)
    }

    /// Counts an answer with what it said. Times are monotonic nanoseconds; `sentAt` is given when it may be another
    /// than the intended one.
    mutating func record(
        _ scanner: borrowing ResponseScanner,
        intendedAt: UInt64,
        sentAt: UInt64? = nil,
        now: UInt64
    ) {
        lastAnsweredAt = now
        record(
            status: scanner.status,
            nanoseconds: now - intendedAt,
            service: sentAt.map { now - $0 },
            body: scanner.bodyStart
        )
        if scanner.status >= 400 { recordRefusal(status: scanner.status, body: scanner.bodyStart) }
    }

    /// Counts what a refusal said, besides ``record(status:nanoseconds:service:body:)``.
    mutating func recordRefusal(status: Int, body: [UInt8]) {
        let range = ErrorCodeText.find(in: body)
        for index in refusals.indices where refusals[index].status == status {
            if refusals[index].code.elementsEqual(body[range]) {
                refusals[index].count += 1
                return
            }
        }
        guard refusals.count < LoadTally.maximumRefusals else { return }
        refusals.append(Refusal(status: status, code: Array(body[range]), count: 1))
    }

    /// Counts a request that ended without an answer, so many nanoseconds after it should have been sent.
    mutating func recordFailure(_ kind: NetworkErrorKind, nanoseconds: UInt64 = 0) {
        failures[kind.rawValue] += 1
        failed += 1
        times.record(LoadOutcome(kind), latency: nanoseconds)
    }

    /// Counts a connection that did not come about.
    mutating func recordConnectFailure(_ kind: NetworkErrorKind) {
        connectFailures[kind.rawValue] += 1
    }

    /// Adds what another worker counted.
    mutating func add(_ other: LoadTally) {
        for index in statuses.indices { statuses[index] += other.statuses[index] }
        for index in failures.indices { failures[index] += other.failures[index] }
        for index in connectFailures.indices { connectFailures[index] += other.connectFailures[index] }
        for refusal in other.refusals {
            if let index = refusals.firstIndex(where: { $0.status == refusal.status && $0.code == refusal.code }) {
                refusals[index].count += refusal.count
            } else if refusals.count < LoadTally.maximumRefusals {
                refusals.append(refusal)
            }
        }
        times.add(other.times)
        sent += other.sent
        answered += other.answered
        failed += other.failed
        if firstSentAt == 0 || (other.firstSentAt != 0 && other.firstSentAt < firstSentAt) {
            firstSentAt = other.firstSentAt
        }
        lastAnsweredAt = max(lastAnsweredAt, other.lastAnsweredAt)
    }

    /// Answers with these statuses.
    func count(_ wanted: some Sequence<Int>) -> UInt64 {
        wanted.reduce(0) { $0 + statuses[$1] }
    }

    /// Requests that ended, with an answer or without.
    var completed: UInt64 { answered + failed }

    /// Requests that wait for their answer. Only of a whole run: a second may end more than it began.
    var inFlight: UInt64 { sent > completed ? sent - completed : 0 }

    /// Seconds from the first request to the last answer.
    var seconds: Double {
        firstSentAt > 0 && lastAnsweredAt > firstSentAt ? Double(lastAnsweredAt - firstSentAt) / 1e9 : 0
    }

    /// Sum of both kinds of network errors.
    var networkErrors: UInt64 { failed + connectFailures.reduce(0, +) }
}
