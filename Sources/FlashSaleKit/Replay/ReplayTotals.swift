/// What the records of a sale add up to.
public struct ReplayTotals: Sendable, Equatable {
    /// Attempts by outcome.
    public var outcomes: [Outcome: Int] = [:]
    /// Attempts with a letter that is no outcome.
    public var unknownOutcomes = 0
    /// Rows of the ledger by their kind.
    public var kinds: [String: Int] = [:]
    /// Deciding calls.
    public var steps = 0
    /// Attempts that are on record, but cannot be judged: what they were decided on was lost with Redis, or was put
    /// right by a reconciliation later.
    public var unjudged = 0
    /// Holds whose attempt was lost with Redis.
    public var holdsWithoutAttempt = 0
    /// Steps of which no record is left, lost with Redis or noted by a reconciliation.
    public var lostSteps = 0

    /// All attempts.
    public var attempts: Int { outcomes.values.reduce(0, +) + unknownOutcomes }

    /// Rows of the ledger of this kind.
    func count(_ kind: LedgerRecord.Kind) -> Int { kinds[kind.rawValue, default: 0] }
}
