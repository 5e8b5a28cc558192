import Crypto

/// What a reconciliation would do about one sale: the same state always gives the same plan and the same hash.
public struct ReconciliationPlan: Sendable, Equatable {
    /// One thing that is done.
    public struct Step: Sendable, Equatable {
        /// What is written, and where.
        public let action: String
        /// What makes it necessary.
        public let why: String
        /// What is to be done, for the program.
        let operation: Operation
    }

    /// The sale.
    public let saleID: SaleID
    /// What is done, in this order, in one transaction but for the last: Redis is rebuilt after it.
    public internal(set) var steps: [Step] = []
    /// What cannot be repaired without deleting or guessing, one sentence each: somebody has to look.
    public internal(set) var needsPerson: [String] = []

    /// The last step of the sale when it was planned; no part of the hash.
    var highestStep: Int64 = 0

    /// What closes the gaps of the journal; nil for a plan about anything else.
    var closing: GapClosing?

    init(_ saleID: SaleID) {
        self.saleID = saleID
    }

    /// Whether there is nothing to be done by the program.
    public var isEmpty: Bool { steps.isEmpty }

    /// SHA-256 of all steps, 64 hexadecimal digits: what `--confirm` takes.
    public var hash: String {
        let text = (["sale \(saleID)"] + steps.map { "\($0.operation.canonical)" }).joined(separator: "\n")
        return SHA256.hash(data: Array(text.utf8)).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    mutating func add(_ operation: Operation, _ action: String, because why: String) {
        steps.append(Step(action: action, why: why, operation: operation))
    }
}

/// What a step writes.
enum Operation: Sendable, Equatable {
    /// A row of the ledger; without a place it goes into the new step of the reconciliation.
    case ledger(LedgerInsert)
    case attempt(AttemptInsert)
    /// The row of `purchases` that belongs to a row of the ledger.
    case purchase(HoldID)
    /// Puts a cursor that is behind the records where they end.
    case cursor(JournalStream, StreamID)
    /// Raises the figures of a cursor to what is recorded.
    case figures(JournalStream, rows: Int64, entries: Int64)
    /// A row `reconciled` that says what is known to be lost.
    case note(String)
    /// Redis gets the state of the ledger; the subjects are what it had otherwise.
    case rebuild([String])
    /// A part of what closes a gap; the rows are in the plan.
    case close(String)

    /// The text of which the hash is made: everything that will be written, nothing that depends on when.
    var canonical: String {
        switch self {
        case .ledger(let row): "ledger \(row)"
        case .attempt(let row): "attempt \(row)"
        case .purchase(let hold): "purchase \(hold)"
        case .cursor(let stream, let id): "cursor \(stream) \(id)"
        case .figures(let stream, let rows, let entries): "figures \(stream) \(rows) \(entries)"
        case .note(let text): "note \(text)"
        case .rebuild(let subjects): "rebuild \(subjects.joined(separator: ","))"
        case .close(let text): "close \(text)"
        }
    }
}

/// A row for the ledger.
struct LedgerInsert: Sendable, Equatable {
    /// What a row may be.
    enum Kind: String, Sendable {
        case opened, rebuilt, held, purchased, expired, released, control, ban, unban, reconciled
    }

    var kind: Kind
    var holdID: HoldID?
    var user: UserID
    var item: Int64
    var at: Timestamp
    var unit: Int64 = 0
    var slot: Int64 = 0
    var deadline: Timestamp?
    var detail: String?
    /// Where it was once; nil when nobody knows.
    var place: JournalTail.Step?
}

/// A row for the attempts.
struct AttemptInsert: Sendable, Equatable {
    var user: UserID
    var item: Int64
    var at: Timestamp
    var outcome: UInt8
    /// Nil: beside the row of the ledger in the new step, with the same index.
    var place: JournalTail.Step?
}
