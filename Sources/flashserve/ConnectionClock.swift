import NIOCore

/// The limits of time of one connection, as pure state: no timer of its own, so that a thousand idle connections cost
/// nothing. Its owner asks for a verdict about twice a second.
struct ConnectionClock {
    enum Verdict: Equatable {
        case fine
        case requestTooSlow
        /// Nothing was asked for too long.
        case idle
        case close
    }

    private enum Phase {
        case idle(since: NIODeadline)
        case head(since: NIODeadline)
        case body(since: NIODeadline)
        case lingering(since: NIODeadline)
    }

    private var phase: Phase
    private var unwritableSince: NIODeadline?
    private let idleTime: TimeAmount

    /// - Parameter idleTime: how long a connection may be without a request.
    init(now: NIODeadline, idleTime: TimeAmount) {
        self.idleTime = idleTime
        // Clients and balancers open connections ahead, and send their first request into one of them much later.
        phase = .idle(since: now)
    }

    /// Whether no request has begun, or the last one has ended, and no byte came since.
    var isIdle: Bool {
        if case .idle = phase { true } else { false }
    }

    /// How long nothing has happened on the connection.
    func quiet(now: NIODeadline) -> TimeAmount {
        switch phase {
        case .idle(let since), .head(let since), .body(let since), .lingering(let since): now - since
        }
    }

    /// Bytes arrived: between two requests they start the next head.
    mutating func receivedBytes(now: NIODeadline) {
        if case .idle = phase { phase = .head(since: now) }
    }

    mutating func headEnded(now: NIODeadline) {
        phase = .body(since: now)
    }

    mutating func requestEnded(now: NIODeadline) {
        phase = .idle(since: now)
    }

    mutating func answered(now: NIODeadline) {
        if case .idle = phase { phase = .idle(since: now) }
    }

    /// The last answer was written: only the client's closing is awaited.
    mutating func lingering(now: NIODeadline) {
        phase = .lingering(since: now)
    }

    mutating func writability(_ writable: Bool, now: NIODeadline) {
        unwritableSince = writable ? nil : now
    }

    /// - Parameter unanswered: whether requests wait for their decision: then idleness is not the client's fault.
    func verdict(now: NIODeadline, unanswered: Bool) -> Verdict {
        if let unwritableSince, now - unwritableSince > Limits.unreadTime { return .close }
        switch phase {
        case .idle(let since): return !unanswered && now - since > idleTime ? .idle : .fine
        case .head(let since): return now - since > Limits.headerTime ? .requestTooSlow : .fine
        case .body(let since): return now - since > Limits.bodyTime ? .requestTooSlow : .fine
        case .lingering(let since): return now - since > .seconds(2) ? .close : .fine
        }
    }
}
