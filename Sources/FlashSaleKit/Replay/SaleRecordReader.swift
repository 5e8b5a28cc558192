/// The attempts and the ledger of a sale in their total order (epoch, seq, idx).
struct SaleRecordReader: Sendable {
    /// What stands at one place.
    enum Entry {
        /// A checkout, with the hold that the ledger has at the same place.
        case attempt(AttemptRow, LedgerRecord?)
        case ledger(LedgerRecord)
    }

    private static let attemptsName = "replay_attempts"
    private static let ledgerName = "replay_ledger"

    private var attempts = RecordCursor(attemptsName) { try AttemptRow($0) }
    private var ledger = RecordCursor(ledgerName) { try LedgerRecord($0) }

    /// Rows read so far.
    var taken: Int { attempts.taken + ledger.taken }

    /// Declares both cursors within the transaction of `session`.
    ///
    /// - Parameter lasting: whether they outlive it: Postgres then keeps their rows on its disk until the connection
    ///   ends, and no snapshot is held meanwhile.
    static func declare(_ sale: SaleID, lasting: Bool, in session: PostgresSession) throws {
        let hold: SQL = lasting ? "with hold" : "without hold"
        // Two sorts of ten million rows: memory for one of them, the rest goes to disk.
        try session.query("set local work_mem = '64MB'")
        try session.query(
            """
            declare \(identifier: attemptsName) binary no scroll cursor \(hold) for
            select \(AttemptRow.columns) from \(identifier: AttemptsBatch.partition(of: sale)) order by epoch, seq, idx
            """
        )
        try session.query(
            """
            declare \(identifier: ledgerName) binary no scroll cursor \(hold) for
            select \(LedgerRecord.columns) from ledger where sale_id = \(literal: sale.rawValue)
            order by epoch, seq, idx
            """
        )
    }

    /// Reads the first rows.
    mutating func begin(_ session: PostgresSession) throws {
        try attempts.begin(session)
        try ledger.begin(session)
    }

    /// What comes next; nil at the end.
    mutating func next(_ session: PostgresSession) throws -> Entry? {
        guard let attempt = attempts.head else {
            guard let row = ledger.head else { return nil }
            try ledger.advance(session)
            return .ledger(row)
        }
        guard let row = ledger.head, row.place <= attempt.place else {
            try attempts.advance(session)
            return .attempt(attempt, nil)
        }
        try ledger.advance(session)
        guard row.place == attempt.place, row.kind == .held else { return .ledger(row) }
        try attempts.advance(session)
        return .attempt(attempt, row)
    }
}
