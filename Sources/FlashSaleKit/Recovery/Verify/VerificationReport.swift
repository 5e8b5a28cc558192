/// What an independent recount of one sale has found.
public struct VerificationReport: Sendable, Equatable {
    /// What the recount could look at.
    public enum Standing: Sendable, Equatable {
        /// Postgres, Redis and the journal between them, at one instant.
        case compared
        /// The sale is over: only Postgres has it.
        case finished
        /// The sale has not been opened in Redis: there is nothing to count yet.
        case unopened
        /// Redis is being recovered, or was while the sale was counted, and why it could not be compared. Postgres was
        /// recounted all the same.
        case recovering(String)
    }

    /// The sale.
    public let saleID: SaleID
    /// Time of Postgres at which its records were read.
    public let at: Timestamp
    /// What could be looked at.
    public let standing: Standing
    /// The epoch of the sale, 0 before it was opened.
    public let epoch: Int64
    /// Every condition that was checked, in a fixed order.
    public let invariants: [Invariant]

    /// Number of violations of all conditions; 0 is what everybody hopes for.
    public var violations: Int { invariants.reduce(0) { $0 + $1.violations } }
    /// The findings of all conditions.
    public var findings: [Finding] { invariants.flatMap(\.findings) }
    /// The condition of this kind, nil when it could not be checked.
    public func invariant(_ kind: Invariant.Kind) -> Invariant? { invariants.first { $0.kind == kind } }
}

/// One fault: a sentence that says what, where, and what to do.
public struct Finding: Sendable, Equatable {
    /// What is wrong, where, and the next step.
    public let sentence: String
    /// The sale in which it was found.
    public let saleID: SaleID
    /// The hold it is about, if any.
    public let holdID: HoldID?
    /// The user it is about, if any.
    public let user: UserID?
    /// The unit it is about, if any.
    public let unit: Int64?
}

/// A condition that always holds, with the figures it was checked with.
public struct Invariant: Sendable, Equatable {
    /// The conditions.
    public enum Kind: String, Sendable, CaseIterable {
        case units, holds, deadlines, users, receipts, numbering, purchases, balance
        case heldAttempts = "held-attempts"
        case attemptsOnce = "attempts-once"
        case outcomes, sequence, cursors, journal, controls, terms, sentinels, installation
        case deadLetters = "dead-letters"
        case belonging, summary

        /// The condition in words.
        public var promise: String {
            switch self {
            case .units: "free + held + sold = stock, none below 0, and each is what was counted"
            case .holds: "every open hold of the ledger is in Redis field by field, and no other"
            case .deadlines: "every open hold has its deadline, and no other"
            case .users: "every user has as many units as the ledger says, and nobody exceeds the limit"
            case .receipts: "every purchase of the ledger has its receipt in Redis, and no other"
            case .numbering: "units are numbered 1 to sold, and those of a user 1 to n within the limit"
            case .purchases: "the table of purchases has every purchase of the ledger column by column, and no other"
            case .balance: "holds begun = bought + lapsed + given back + open, each by the user that began it"
            case .heldAttempts: "every hold has exactly one attempt that got it, and the reverse"
            case .attemptsOnce: "no attempt is recorded twice"
            case .outcomes: "every refusal had its reason at that moment"
            case .sequence: "every step of the sale is recorded"
            case .cursors: "the cursors say what is recorded, no less and no more"
            case .journal: "what is still in the journal is recorded as it was"
            case .controls: "bans, pauses and the limit in Redis are those of the ledger"
            case .terms: "Redis sells under the terms of the schedule"
            case .sentinels: "every key in Redis is of the epoch of the cursors"
            case .installation: "Redis belongs to this database"
            case .deadLetters: "no record waits for repair"
            case .belonging: "no record is in another sale"
            case .summary: "the summary of a finished sale is what is recorded"
            }
        }
    }

    /// A number with its name.
    public struct Figure: Sendable, Equatable {
        /// What was counted.
        public let name: String
        /// How many.
        public let value: Int64
    }

    /// Findings reported of one condition; beyond them they are only counted.
    public static let maximumFindings = 20
    /// Findings kept until they are reported: what is found in pieces must be found again.
    private static let keptFindings = 5000

    /// Which condition it is.
    public let kind: Kind
    /// What was counted.
    public private(set) var figures: [Figure] = []
    /// How often it is violated; may be more than there are findings.
    public private(set) var violations = 0
    /// The first ones.
    public private(set) var findings: [Finding] = []

    private let saleID: SaleID

    init(_ kind: Kind, _ saleID: SaleID) {
        self.kind = kind
        self.saleID = saleID
    }

    mutating func figure(_ name: String, _ value: some BinaryInteger) {
        figures.append(Figure(name: name, value: Int64(value)))
    }

    /// Counts a violation. `what` is a sentence without its end; `next` is what to do, nil for a plan to reconcile.
    mutating func violate(
        _ what: String,
        hold: HoldID? = nil,
        user: UserID? = nil,
        unit: Int64? = nil,
        next: String? = nil
    ) {
        violations += 1
        guard findings.count < Invariant.keptFindings else { return }
        let step = next ?? "look at `flashctl reconcile --plan --sale \(saleID)`"
        findings.append(
            Finding(sentence: "\(what); next step: \(step)", saleID: saleID, holdID: hold, user: user, unit: unit)
        )
    }

    /// The condition as it is reported: the first findings, and the number of all.
    var reported: Invariant {
        var reported = self
        reported.findings = Array(findings.prefix(Invariant.maximumFindings))
        return reported
    }

    /// What was found before as well.
    func confirmed(by earlier: Invariant?) -> Invariant {
        guard violations > 0 else { return self }
        let known = Set(earlier?.findings.map(\.sentence) ?? [])
        var confirmed = self
        confirmed.findings = findings.filter { known.contains($0.sentence) }
        confirmed.violations = confirmed.findings.count
        return confirmed
    }

    /// Counts further violations for which no sentence was made.
    mutating func violate(more: Int) {
        violations += max(0, more)
    }

    /// A violation unless the condition holds.
    mutating func require(
        _ condition: Bool,
        _ what: @autoclosure () -> String,
        next: String? = nil
    ) {
        if !condition { violate(what(), next: next) }
    }
}

extension HoldID {
    /// An order for reports; it means nothing else.
    static func inReportOrder(_ left: HoldID, _ right: HoldID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}
