import Collections

/// Something to send besides what the plan numbers.
struct FollowUp: Sendable {
    var request: LoadRequest
    /// Monotonic time in nanoseconds at which it should be sent.
    var dueAt: UInt64
}

/// What one worker of the open model still has to send.
struct OpenLoad {
    /// A request whose time has come, without a free connection.
    struct Waiting {
        var number: Int
        var dueAt: UInt64
    }

    private var source: ArrivalSource
    private let seconds: Double
    /// What is due next, at this monotonic time; nil at the end.
    private(set) var upcoming: Waiting?
    var backlog = Deque<Waiting>()
    private var startsAt: UInt64 = 0
    /// Monotonic time at which the plan ends.
    private(set) var endsAt = UInt64.max
    /// Whether nothing more becomes due.
    private(set) var isOver = false

    init(_ share: LoadWorker.Share, _ curve: LoadCurve, _ arrivals: LoadArrivals) {
        source = ArrivalSource(
            curve,
            arrivals,
            mix: share.plan.mix,
            seed: share.plan.seed,
            limit: share.plan.requests,
            stride: share.count,
            offset: share.index
        )
        seconds = curve.seconds
    }

    var hasMore: Bool { !isOver || !backlog.isEmpty }

    mutating func begin(at time: UInt64) {
        startsAt = time
        endsAt = time + UInt64(seconds * 1e9)
        advance()
    }

    /// Goes on to the next request.
    mutating func advance() {
        if isOver { return }
        guard let arrival = source.next() else { return end() }
        upcoming = Waiting(number: arrival.number, dueAt: startsAt + UInt64(arrival.second * 1e9))
    }

    /// Nothing more becomes due.
    mutating func end() {
        upcoming = nil
        isOver = true
    }
}
