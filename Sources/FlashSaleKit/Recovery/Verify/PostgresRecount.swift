/// What Postgres has of a sale, all read in one snapshot: nothing of it is younger than its cursors.
struct PostgresRecount: Sendable {
    /// A row of `journal_cursor`.
    struct Cursor: Sendable, Equatable {
        var epoch: Int64 = 0
        var lastID = StreamID.zero
        var entries: Int64 = 0
        var rows: Int64 = 0
    }

    /// A row of `recoveries`.
    struct Recovery: Sendable, Equatable {
        var epoch: Int64
        var rebuilt: Bool
        var ledgerSeq: Int64
        var attemptsSeq: Int64
        var started: Int64
        var completed: Int64?
    }

    /// Rows and entries of one table.
    struct Recorded: Sendable, Equatable {
        /// Rows that came through the drain.
        var rows: Int64 = 0
        /// Entries that they came from.
        var entries: Int64 = 0
        /// Highest step.
        var highestSeq: Int64 = 0
        /// Highest step that came through the drain.
        var drainedSeq: Int64 = 0
    }

    let saleID: SaleID
    var at = Timestamp(microseconds: 0)
    var stock: Int64 = 0
    var userLimit: Int64 = 0
    var holdMilliseconds: Int64 = 0
    var opensAt: Int64 = 0
    var closesAt: Int64 = 0
    var isOpened = false
    var isFinished = false
    var summary: [String: String] = [:]
    var installation = ""
    var cursors: [JournalStream: Cursor] = [:]
    var recoveries: [Recovery] = []
    var fold = LedgerFold()
    var ledger = Recorded()
    /// Nil when the attempts were not counted.
    var attempts: Recorded?
    var outcomes: [Outcome: Int64] = [:]
    var purchases: Int64 = 0
    /// Conditions within Postgres alone.
    var invariants: [Invariant] = []
    /// What the journal has to bring yet, or nothing explains.
    var loose = LooseEnds()
    /// Entry ids of dead letters, repaired or not.
    var deadEntries: Set<StreamID> = []
    /// Dead letters, repaired or not: not each of them says its step.
    var deadLetters = 0
    /// What reconciliations have put on record.
    var notes = ReconciledNotes()

    init(_ saleID: SaleID) {
        self.saleID = saleID
    }

    var epoch: Int64 { cursors[.ledger]?.epoch ?? 0 }
    func cursor(_ stream: JournalStream) -> Cursor { cursors[stream] ?? Cursor() }

    /// How long one statement may take: the attempts of a sale can be many millions.
    static let statementTimeout: Duration = .seconds(300)

    /// Reads all of it; nil when there is no such sale.
    static func read(
        _ saleID: SaleID,
        depth: Verification.Depth,
        from postgres: PostgresConnection
    ) async throws -> PostgresRecount? {
        let options = TransactionOptions(
            isolation: .repeatableRead,
            readOnly: true,
            statementTimeout: statementTimeout
        )
        return try await postgres.transaction(options) { session in
            // It holds no lock that anybody waits for, and on a busy machine the rows of one portion take a while.
            try session.query("set local idle_in_transaction_session_timeout = '60s'")
            var recount = PostgresRecount(saleID)
            guard try recount.readSale(session) else { return nil }
            try recount.readCursors(session)
            try recount.readRecoveries(session)
            try recount.readFold(session)
            try recount.readControls(session)
            try recount.readNotes(session)
            try recount.countLedger(session)
            try recount.checkDeadLetters(session)
            try recount.checkPurchases(session)
            if recount.countsAttempts(depth) {
                try recount.countAttempts(session)
                try recount.checkHeldAttempts(session)
                try recount.checkRepeatedAttempts(session)
                try recount.checkOutcomes(session)
                try recount.findGaps(session)
            }
            return recount
        }
    }

    /// A quick look leaves out tables that take more than a second or so: about a million rows.
    private func countsAttempts(_ depth: Verification.Depth) -> Bool {
        depth == .full || cursor(.attempts).rows <= Verification.quickAttempts
    }

    private mutating func readSale(_ session: PostgresSession) throws -> Bool {
        let rows = try session.query(
            """
            select stock, user_limit, hold_ms, opens_at, closes_at, opened_in_redis_at is not null as opened,
                finished_at is not null as finished, (select id::text from installation) as installation, now() as at
            from sales where id = \(saleID)
            """
        )
        guard let row = rows.first else { return false }
        at = try row["at"].timestamp
        stock = try row["stock"].int64
        userLimit = try row["user_limit"].int64
        holdMilliseconds = try row["hold_ms"].int64
        opensAt = try row["opens_at"].timestamp.microseconds
        closesAt = try row["closes_at"].timestamp.microseconds
        isOpened = try row["opened"].bool
        isFinished = try row["finished"].bool
        installation = try row["installation"].text
        for row in try session.query(
            """
            select key, value from sales, jsonb_each_text(summary)
            where id = \(saleID) and jsonb_typeof(summary) = 'object'
            """
        ) {
            summary[try row["key"].text] = try row["value"].optional?.text
        }
        return true
    }

    private mutating func readCursors(_ session: PostgresSession) throws {
        try take(cursors: try session.query(cursorStatement))
    }

    /// Reads the cursors of the sale.
    var cursorStatement: SQL {
        "select stream, epoch, last_id, drained_entries, drained_rows from journal_cursor where sale_id = \(saleID)"
    }

    mutating func take(cursors rows: PostgresRows) throws {
        for row in rows {
            guard let stream = JournalStream(rawValue: try row["stream"].text) else { continue }
            cursors[stream] = Cursor(
                epoch: try row["epoch"].int64,
                lastID: StreamID(try row["last_id"].text) ?? .zero,
                entries: try row["drained_entries"].int64,
                rows: try row["drained_rows"].int64
            )
        }
    }

    private mutating func readRecoveries(_ session: PostgresSession) throws {
        try take(recoveries: try session.query(recoveryStatement))
    }

    /// Reads what became of the sale when its Redis was in doubt.
    var recoveryStatement: SQL {
        """
        select epoch, kind, reason, ledger_seq, attempts_seq, started_at, completed_at from recoveries
        where sale_id = \(saleID) order by epoch
        """
    }

    mutating func take(recoveries rows: PostgresRows) throws {
        for row in rows {
            recoveries.append(
                Recovery(
                    epoch: try row["epoch"].int64,
                    rebuilt: try row["kind"].text == "rebuilt",
                    ledgerSeq: try row["ledger_seq"].optional?.int64 ?? 0,
                    attemptsSeq: try row["attempts_seq"].optional?.int64 ?? 0,
                    started: try row["started_at"].timestamp.microseconds,
                    completed: try row["completed_at"].optional?.timestamp.microseconds
                )
            )
        }
    }
}
