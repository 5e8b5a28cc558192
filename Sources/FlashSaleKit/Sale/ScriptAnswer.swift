/// What a script replied: a decision, or the reason why it made none.
public enum ScriptAnswer<Decision: Sendable & Equatable>: Sendable, Equatable {
    /// The call was decided at this time of the sale.
    case decided(Decision, now: Timestamp)
    /// Nothing was written; the status is never ``ScriptStatus/decided``. With ``ScriptStatus/clockJumped`` the time is
    /// that of Redis, which waits to be confirmed.
    case refused(ScriptStatus, now: Timestamp)

    /// The decision, nil when there was none.
    public var decision: Decision? {
        guard case .decided(let decision, _) = self else { return nil }
        return decision
    }

    /// The status letter.
    public var status: ScriptStatus {
        switch self {
        case .decided: .decided
        case .refused(let status, _): status
        }
    }

    /// Time of the sale at the call.
    public var now: Timestamp {
        switch self {
        case .decided(_, let now), .refused(_, let now): now
        }
    }
}
