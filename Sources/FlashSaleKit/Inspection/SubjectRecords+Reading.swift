/// How the records of a subject are read: each by an index, whatever the size of the sale.
extension SubjectRecords {
    /// Reads them; nil when there is no such sale.
    static func read(
        _ subject: Subject,
        _ saleID: SaleID,
        _ limits: Limits,
        from postgres: PostgresConnection
    ) async throws -> SubjectRecords? {
        let options = TransactionOptions(isolation: .repeatableRead, readOnly: true, statementTimeout: .seconds(60))
        return try await postgres.transaction(options) { session in
            let statements = SubjectStatements(subject: subject, saleID: saleID, limits: limits)
            let answers = try statements.run(session)
            guard let row = answers[.sale]?.first, let head = answers[.head]?.first else { return nil }
            var records = SubjectRecords(sale: try SaleStore.sale(row), recount: PostgresRecount(saleID))
            try records.take(head: head)
            for (name, rows) in answers { try records.take(name, rows, limits) }
            if case .hold = subject { try records.readAttempt(session) }
            if limits.countsUnits { try records.countUnits(limits, session) }
            records.notes.sort { $0.at < $1.at }
            records.fold()
            return records
        }
    }

    /// The hold of a unit, as far as Postgres has sold it.
    static func hold(
        ofUnit unit: Int64,
        _ saleID: SaleID,
        from postgres: PostgresConnection
    ) async throws -> HoldID? {
        try await postgres.query(
            """
            select hold_id from purchases where sale_id = \(saleID) and unit = \(unit)::integer
            union all
            select hold_id from ledger where sale_id = \(saleID) and unit = \(unit)::integer and kind = 'purchased'
            limit 1
            """
        ).first?["hold_id"].holdID
    }

    private var saleID: SaleID { sale.id }

    private mutating func take(head row: PostgresRow) throws {
        recount.at = try row["at"].timestamp
        recount.isOpened = try row["opened"].bool
        recount.isFinished = sale.finishedAt != nil
        recount.stock = Int64(sale.terms.stock)
        recount.userLimit = Int64(sale.terms.userLimit)
        recount.holdMilliseconds = sale.terms.holdMilliseconds
        recount.opensAt = sale.terms.opensAt.microseconds
        recount.closesAt = sale.terms.closesAt.microseconds
        recount.ledger.drainedSeq = try row["last_seq"].int64
    }

    private mutating func take(
        _ name: SubjectStatements.Name,
        _ rows: PostgresRows,
        _ limits: Limits
    ) throws {
        switch name {
        case .sale, .head: break
        case .cursors: try recount.take(cursors: rows)
        case .recoveries: try take(recoveries: rows)
        case .ledger:
            isCut = rows.count > limits.ledger
            ledger = try rows.prefix(limits.ledger).reversed().map(LedgerRow.init(recorded:))
        case .controls: try take(controls: rows)
        case .receipts: try take(receipts: rows)
        case .attempts: try take(attempts: rows, limits.attempts)
        case .letters: try take(letters: rows)
        case .actions: try take(actions: rows)
        }
    }

    private mutating func take(controls rows: PostgresRows) throws {
        for row in rows.reversed() {
            guard try row["kind"].text == "reconciled" else {
                controls.append(try LedgerRow(recorded: row))
                continue
            }
            let parts = (try row["detail"].optional?.text ?? "").split(separator: "\t").map(String.init)
            // Only the first row of a reconciliation says who made it, and why.
            guard parts.count == 3, ReconciledNotes.Word(rawValue: parts[0]) == nil else { continue }
            let at = try row["at"].timestamp
            var note = Note(kind: .reconciled, at: at, what: "plan \(parts[0])", who: parts[1], why: parts[2])
            note.step = try JournalTail.Step(recorded: row)
            notes.append(note)
        }
    }

    private mutating func take(receipts rows: PostgresRows) throws {
        for row in rows {
            receipts[try row["hold_id"].holdID] = Receipt(
                unit: try row["unit"].int64,
                slot: try row["user_slot"].int64,
                user: try row["user_id"].userID,
                item: try row["item_id"].int64,
                ticket: try row["ticket"].text,
                at: try row["purchased_at"].timestamp
            )
        }
    }

    /// The attempt that got a hold, by its step as well.
    private mutating func readAttempt(_ session: PostgresSession) throws {
        guard let row = ledger.first, row.kind == .held else { return }
        let attempt = SubjectStatements.attempts(
            saleID,
            "user_id = \(row.userID) and seq = \(row.seq) and epoch = \(row.epoch) and idx = \(row.index)",
            limit: 1
        )
        try take(attempts: try session.query(attempt), 1)
    }

    private mutating func take(attempts rows: PostgresRows, _ most: Int) throws {
        guard let first = rows.first else { return }
        for outcome in Outcome.allCases { outcomes[outcome] = try first[outcome.name].int }
        attempts = try rows.prefix(most).reversed().map { row in
            Attempt(
                step: try JournalTail.Step(recorded: row),
                at: try row["at"].timestamp,
                user: try row["user_id"].userID,
                item: try row["item_id"].int64,
                letter: try row["outcome"].text.utf8.first ?? 0
            )
        }
    }

    private mutating func take(letters rows: PostgresRows) throws {
        letters = try rows.reversed().map { row in
            Letter(
                number: try row["id"].int64,
                at: try row["created_at"].timestamp,
                kind: try row["kind"].text,
                reason: try row["reason"].text,
                repairedAt: try row["repaired_at"].optional?.timestamp,
                payload: try row["payload"].bytes
            )
        }
    }

    private mutating func take(recoveries rows: PostgresRows) throws {
        try recount.take(recoveries: rows)
        for row in rows {
            let (what, why) = (try row["kind"].text, try row["reason"].text)
            notes.append(Note(kind: .recovery, at: try row["started_at"].timestamp, what: what, who: "", why: why))
        }
    }

    private mutating func take(actions rows: PostgresRows) throws {
        for row in rows.reversed() {
            notes.append(
                Note(
                    kind: .action,
                    at: try row["at"].timestamp,
                    what: try row["action"].text,
                    who: try row["actor"].text,
                    why: try row["reason"].text
                )
            )
        }
    }

    /// What was held and sold in front of each attempt, in one pass over the ledger.
    private mutating func countUnits(_ limits: Limits, _ session: PostgresSession) throws {
        guard !attempts.isEmpty, recount.cursor(.ledger).rows <= limits.foldedRows else { return }
        let steps = attempts.map(\.step)
        let rows = try session.query(
            """
            with wanted as (
                select * from unnest(
                    \(steps.map(\.epoch)), \(steps.map(\.seq)), \(steps.map(\.index))) as w(epoch, seq, idx)),
            marks as (
                select epoch, seq, false as wanted, count(*) filter (where kind = 'purchased') as sold,
                    2 * count(*) filter (where kind = 'held') - count(*) as held
                from ledger where sale_id = \(saleID) and kind in ('held', 'purchased', 'expired', 'released')
                group by epoch, seq
                union all
                select distinct epoch, seq, true, 0, 0 from wanted),
            sums as (
                select epoch, seq, wanted, sum(sold) over steps as sold, sum(held) over steps as held from marks
                window steps as (order by epoch, seq, wanted desc rows unbounded preceding))
            select w.epoch, w.seq, w.idx, s.sold, s.held + (
                select count(*) from ledger l where l.sale_id = \(saleID) and l.epoch = w.epoch and l.seq = w.seq
                    and l.idx < w.idx and l.kind = 'held') as held
            from wanted w join sums s on s.wanted and s.epoch = w.epoch and s.seq = w.seq
            """
        )
        for row in rows {
            totals[try JournalTail.Step(recorded: row)] = (try row["held"].int64, try row["sold"].int64)
        }
    }

    /// Plays what was read, in the order of the sale.
    private mutating func fold() {
        for row in ledger { recount.fold.apply(row) }
        for row in controls { recount.fold.apply(row) }
    }
}

extension JournalTail.Step {
    /// The step of a row of the ledger or the attempts.
    init(recorded row: PostgresRow) throws {
        self.init(epoch: try row["epoch"].int64, seq: try row["seq"].int64, index: try row["idx"].int64)
    }
}

extension LedgerRow {
    /// A row of the table, as the journal had it.
    init(recorded row: PostgresRow) throws {
        guard let kind = Kind(rawValue: try row["kind"].text) else {
            throw PostgresError(.decoding, "a row of the ledger has an unknown kind")
        }
        self.init(
            entryID: .zero,
            epoch: try row["epoch"].int64,
            seq: try row["seq"].int64,
            index: Int32(clamping: try row["idx"].int64),
            at: try row["at"].timestamp,
            kind: kind,
            holdID: try row["hold_id"].optional?.holdID,
            userID: try row["user_id"].optional?.userID ?? .empty,
            itemID: try row["item_id"].optional?.int64 ?? 0,
            unit: try row["unit"].optional?.int64 ?? 0,
            userSlot: try row["user_slot"].optional?.int64 ?? 0,
            deadline: try row["deadline"].optional?.timestamp,
            detail: try row["detail"].optional?.text,
            line: []
        )
    }
}
