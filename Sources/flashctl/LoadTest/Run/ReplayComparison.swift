import FlashSaleKit

/// The outcomes of a past sale beside those that its traffic got again.
struct ReplayComparison: Sendable, Equatable {
    /// An attempt that was decided otherwise than in the past sale.
    struct Difference: Sendable, Equatable {
        var place: RecordPosition
        var user: UserID
        var original: Outcome
        /// Status of the answer; nil when there was none.
        var status: Int?
    }

    /// Attempts of the past sale by outcome.
    var original: [Outcome: Int] = [:]
    /// Answers to their repetitions.
    var replayed: [Outcome: Int] = [:]
    /// Repetitions that got no outcome: server errors, network errors, other answers.
    var withoutOutcome = 0
    /// Checkouts that were to be sent.
    var checkouts = 0
    /// Purchases and holds given back that could not be played, because their hold was not got again.
    var skipped = 0
    /// Attempts that were decided otherwise.
    var differences = 0
    /// The first of them.
    var first: Difference?

    /// The outcome that an answer tells.
    static func outcome(status: Int?) -> Outcome? {
        switch status {
        case 201: .held
        case 403: .banned
        case 409: .soldOut
        case 429: .userLimit
        default: nil
        }
    }

    mutating func answered(_ event: TrafficEvent, _ recorded: Outcome, _ status: Int?) {
        let outcome = ReplayComparison.outcome(status: status)
        if let outcome { replayed[outcome, default: 0] += 1 } else { withoutOutcome += 1 }
        guard outcome != recorded else { return }
        differences += 1
        let difference = Difference(place: event.place, user: event.user, original: recorded, status: status)
        if first.map({ event.place < $0.place }) ?? true { first = difference }
    }

    /// Attempts that were left out: a fresh sale has banned nobody.
    var leftOut: Int { original[.banned, default: 0] }

    /// By how much the counts of an outcome differ.
    func difference(of outcome: Outcome) -> Int {
        let wanted = outcome == .banned ? 0 : original[outcome, default: 0]
        return replayed[outcome, default: 0] - wanted
    }

    /// Whether no count differs by more than this share of the attempts, in percent.
    func isWithin(tolerance: Double) -> Bool {
        let allowed = Double(checkouts) * tolerance / 100
        return Outcome.allCases.allSatisfy { Double(abs(difference(of: $0))) <= allowed }
            && Double(withoutOutcome) <= allowed
    }
}
