/// One thing that happened to a subject, or that is so now.
public struct TimelineLine: Sendable, Equatable {
    /// What it is.
    public enum Kind: String, Sendable, CaseIterable {
        /// A decided checkout.
        case attempt
        case held, purchased, expired, released
        case ban, unban
        /// A switch or the limit of the sale.
        case control
        case opened, rebuilt
        /// Records that were repaired.
        case reconciled
        /// A row that Postgres refused.
        case deadLetter = "dead_letter"
        /// Redis was in doubt.
        case recovery
        /// What an operator did.
        case action
        /// A receipt without a row of the ledger.
        case receipt
        /// What a store has now.
        case state
    }

    /// Place in the total order of a sale.
    public struct Step: Sendable, Equatable, Comparable {
        /// Grows with every recovery.
        public var epoch: Int64
        /// Grows by one with every deciding call.
        public var seq: Int64
        /// Counts within the call, from 0.
        public var row: Int64

        /// Earlier is less.
        public static func < (left: Step, right: Step) -> Bool {
            (left.epoch, left.seq, left.row) < (right.epoch, right.seq, right.row)
        }
    }

    /// What the user had at that step.
    public struct UserUnits: Sendable, Equatable {
        /// Units held.
        public var held: Int64
        /// Units bought.
        public var bought: Int64
        /// Limit in force.
        public var limit: Int64
    }

    /// When; of what is so now, when it was read.
    public var at: Timestamp
    /// Nil for what has no step, e.g. a recovery.
    public var step: Step?
    /// What it is.
    public var kind: Kind
    /// What happened, in a few words.
    public var what: String
    /// Why, or with what result, in one sentence.
    public var why: String
    /// Where that is recorded; never empty.
    public var places: [RecordPlace]
    /// The buyer.
    public var user: UserID?
    /// The hold.
    public var holdID: HoldID?
    /// The item that was asked for.
    public var itemID: Int64?
    /// The unit that was sold.
    public var unit: Int64?
    /// The decision on a checkout.
    public var outcome: Outcome?
    /// Units of the sale in front of a checkout; nil when they are not known.
    public var units: UnitCounts?
    /// Units of the user in front of a checkout; nil when they are not known.
    public var userUnits: UserUnits?

    init(_ kind: Kind, _ at: Timestamp, _ places: [RecordPlace], _ what: String, why: String) {
        self.kind = kind
        self.at = at
        self.places = places
        self.what = what
        self.why = why
    }
}

extension TimelineLine.Step {
    init(_ step: JournalTail.Step) { self.init(epoch: step.epoch, seq: step.seq, row: step.index) }
}
