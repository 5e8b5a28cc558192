/// What Postgres has about one user or hold of a sale, all read in one snapshot.
struct SubjectRecords: Sendable {
    /// A checkout.
    struct Attempt: Sendable, Equatable {
        var step: JournalTail.Step
        var at: Timestamp
        var user: UserID
        var item: Int64
        /// H, S, L or B.
        var letter: UInt8
    }

    /// A committed receipt.
    struct Receipt: Sendable, Equatable {
        var unit: Int64
        var slot: Int64
        var user: UserID
        var item: Int64
        var ticket: String
        var at: Timestamp
    }

    /// A row that Postgres refused.
    struct Letter: Sendable, Equatable {
        var number: Int64
        var at: Timestamp
        var kind: String
        var reason: String
        var repairedAt: Timestamp?
        /// The line as it was.
        var payload: [UInt8]
    }

    /// Something about the sale as a whole: a recovery, what an operator did, a reconciliation.
    struct Note: Sendable, Equatable {
        enum Kind: Sendable, Equatable { case recovery, action, reconciled }

        var kind: Kind
        var at: Timestamp
        /// Recovery: adopted, rebuilt, refused; action: what was done.
        var what: String
        var who: String
        var why: String
        /// Of a reconciliation.
        var step: JournalTail.Step?
    }

    var sale: Sale
    /// Cursors, recoveries, terms, and the fold of what was read.
    var recount: PostgresRecount
    /// Rows of the ledger about the subject, in order.
    var ledger: [LedgerRow] = []
    /// Pauses, limits, openings and rebuilds, in order.
    var controls: [LedgerRow] = []
    /// The newest attempts, in order.
    var attempts: [Attempt] = []
    /// All of them.
    var outcomes: [Outcome: Int] = [:]
    var receipts: [HoldID: Receipt] = [:]
    var letters: [Letter] = []
    var notes: [Note] = []
    /// Units held and sold in front of some steps; empty when the ledger is too long to be folded.
    var totals: [JournalTail.Step: (held: Int64, sold: Int64)] = [:]
    /// Whether there are more rows of the ledger than were read.
    var isCut = false

    /// What is read at most.
    struct Limits: Sendable, Equatable {
        var attempts: Int
        /// Whether the units at each attempt are counted.
        var countsUnits: Bool
        /// Rows of the ledger of one subject.
        var ledger = 50_000
        /// Rows of the ledger of the sale that are folded for the units at each attempt.
        var foldedRows: Int64 = 500_000
    }

    /// The holds of which Redis has something.
    var livingHolds: Set<HoldID> {
        let fold = recount.fold
        return Set(fold.open.keys).union(fold.sold.keys).union(fold.remembered.keys)
    }

    /// The holds that the ledger knows of the subject, the latest first.
    var holdIDs: [HoldID] {
        var seen = Set<HoldID>()
        return ledger.reversed().compactMap(\.holdID).filter { seen.insert($0).inserted }
    }
}
