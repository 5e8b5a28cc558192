/// Everything that happened to a subject in a sale, in order, with its reasons.
public struct Explanation: Sendable, Equatable {
    /// The sale.
    public var saleID: SaleID
    /// What was asked for.
    public var subject: Subject
    /// When it was read, by the clock of the store that judges holds.
    public var at: Timestamp
    /// The terms; nil while Postgres is away.
    public var sale: Sale?
    /// The buyer, when there is one.
    public var user: UserID?
    /// The hold that the subject is about; nil for a user.
    public var holdID: HoldID?
    /// The newest lines, the oldest of them first.
    public var lines: [TimelineLine]
    /// Lines in front of them that were left out.
    public var leftOut: Int
    /// How the hold stands now; nil for a user.
    public var standing: HoldStanding?
    /// Whether Redis and Postgres say the same.
    public var agreement: StoreAgreement
    /// Why the lines do not say how many units were free, when they do not.
    public var missingCounts: String?

    /// Whether anything is known of the subject itself.
    public var hasTrace: Bool {
        let aboutSale: Set<TimelineLine.Kind> = [.control, .opened, .rebuilt, .reconciled, .recovery, .action, .state]
        if case .open = standing?.redis { return true }
        if case .receipt = standing?.redis { return true }
        return lines.contains { !aboutSale.contains($0.kind) } || agreement.agrees == false
    }

    init(_ subject: Subject, _ evidence: SubjectEvidence, limit: Int) {
        self.subject = subject
        saleID = evidence.saleID
        at = evidence.now ?? Timestamp(microseconds: 0)
        sale = evidence.records?.sale
        holdID = evidence.subject.hold
        user = evidence.subject.user ?? evidence.ledger.first?.userID
        agreement = evidence.agreement
        standing = evidence.subject.hold.map { HoldStanding($0, evidence) }
        var all = Timeline.lines(evidence)
        // Attempts that were not even read are left out as well.
        let recorded = evidence.records.map { $0.outcomes.values.reduce(0, +) - $0.attempts.count } ?? 0
        all += TimelineState.lines(evidence, standing)
        leftOut = max(0, all.count - limit) + recorded
        lines = Array(all.suffix(limit))
        if let records = evidence.records, !records.attempts.isEmpty, records.totals.isEmpty {
            missingCounts =
                "the ledger of the sale has \(records.recount.cursor(.ledger).rows) rows, too many to be counted"
        }
    }
}

/// The last lines of a timeline: what Redis has now.
enum TimelineState {
    static func lines(_ evidence: SubjectEvidence, _ standing: HoldStanding?) -> [TimelineLine] {
        guard let contents = evidence.contents else { return [] }
        if let standing, let sentence = sentence(standing.redis, contents.at) {
            var line = TimelineLine(.state, contents.at, [.redis], sentence.what, why: sentence.why)
            line.holdID = evidence.subject.hold
            return [line]
        }
        guard let user = evidence.subject.user, let units = contents.users[user] else { return [] }
        let bought = contents.bought[user] ?? 0
        var line = TimelineLine(
            .state,
            contents.at,
            [.redis],
            "now the user has \(units) units",
            why: "\(units - bought) held and \(bought) bought of at most \(contents.number("limit") ?? 0)"
        )
        line.user = user
        return [line]
    }

    private static func sentence(_ state: HoldStanding.InRedis, _ now: Timestamp) -> (what: String, why: String)? {
        switch state {
        case .open(let until):
            ("now the hold is open", "\(TimelineSentence.duration(from: now, to: until)) left, until \(until.rfc3339)")
        case .due(let since): ("now the hold is due", "it lasted until \(since.rfc3339); its unit is given back next")
        case .tombstone: ("now its end is remembered", "an Idempotency-Key that asks again is told that it has ended")
        case .receipt(let unit): ("now it has a receipt", "for unit \(unit)")
        case .none, .notAsked: nil
        }
    }
}
