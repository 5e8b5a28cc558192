/// A portion of the attempts on its way into one transaction.
struct AttemptsBatch: Sendable {
    let portion: JournalDrain.Portion

    private var saleID: SaleID { portion.saleID }

    /// Name of the partition of a sale. COPY writes into it directly: the parent would look for it row by row.
    static func partition(of saleID: SaleID) -> String { "attempts_s\(saleID)" }

    /// Encodes all rows into `buffer`; lines that no row can hold go to `dead`.
    func encode(into buffer: inout CopyBuffer, dead: inout [DeadLetter]) {
        let sale = saleID.rawValue
        for raw in portion.entries {
            guard let entry = AttemptsEntry(raw) else {
                dead.append(.whole(raw))
                continue
            }
            entry.forEach(dead: &dead) { attempt in
                buffer.beginRow(columns: 8)
                buffer.appendInt64(sale)
                buffer.appendInt64(entry.epoch)
                buffer.appendInt64(entry.seq)
                buffer.appendInt32(attempt.index)
                buffer.appendTimestamp(entry.at)
                buffer.appendInt64(attempt.item)
                buffer.appendChar(attempt.letter)
                buffer.appendRaw(UnsafeRawBufferPointer(attempt.user))
            }
        }
    }

    /// Bytes that the rows of COPY take at most, for attempts with ids of usual length.
    private var estimatedBytes: Int {
        // A line of 12 bytes becomes a row of 85: 74 of them are the fixed columns.
        portion.entries.reduce(1024) { $0 + $1.size * 8 }
    }

    /// Writes the batch with COPY; nil when the cursor was locked, or elsewhere than expected.
    func commitWithCopy(on postgres: PostgresConnection) async throws -> DrainResult? {
        var buffer = CopyBuffer(capacity: estimatedBytes)
        var dead: [DeadLetter] = []
        encode(into: &buffer, dead: &dead)
        do {
            return try await postgres.transaction { [buffer, dead] session in
                guard try moveCursor(rows: buffer.rowCount, in: session) else { return nil }
                Failpoint.reach("attempts.before-copy")
                if !buffer.isEmpty {
                    try session.copyIn(
                        """
                        copy \(identifier: AttemptsBatch.partition(of: saleID))
                            (sale_id, epoch, seq, idx, at, item_id, outcome, user_id)
                        from stdin (format binary)
                        """,
                        buffer
                    )
                }
                Failpoint.reach("attempts.after-copy")
                try write(dead, in: session)
                Failpoint.reach("attempts.before-commit")
                return DrainResult(rows: buffer.rowCount, deadLetters: dead.count)
            }
        } catch let error as PostgresError where error.isRowFault {
            throw JournalError(
                .rowsRefused,
                "Postgres refused rows of the attempts of sale \(saleID)",
                nextStep: "drain again on a new connection: the rows are then written one by one",
                underlying: error
            )
        }
    }

    /// One row for `commitRowByRow`.
    private struct Row {
        let entry: AttemptsEntry
        let index: Int32
        let letter: UInt8
        let item: Int64
        let user: UserID
    }

    /// Writes the batch with INSERT, savepoints and bisection: for data that COPY refused, so that one row harms no
    /// other one.
    func commitRowByRow(on postgres: PostgresConnection) async throws -> DrainResult? {
        var decoded: [DeadLetter] = []
        var rows: [Row] = []
        for raw in portion.entries {
            guard let entry = AttemptsEntry(raw) else {
                decoded.append(.whole(raw))
                continue
            }
            entry.forEach(dead: &decoded) { attempt in
                rows.append(
                    Row(
                        entry: entry,
                        index: attempt.index,
                        letter: attempt.letter,
                        item: attempt.item,
                        user: attempt.userID
                    )
                )
            }
        }
        return try await postgres.transaction { [rows, decoded] session in
            guard try moveCursor(rows: 0, in: session) else { return nil }
            var dead = decoded
            let written = try Bisection.write(rows, into: session) { row, fault in
                dead.append(
                    DeadLetter(
                        entryID: row.entry.id,
                        index: row.index,
                        kind: "attempt",
                        payload: Array(row.user.utf8) + Array("\t\(row.item)\t".utf8) + [row.letter],
                        sqlState: fault.sqlState,
                        reason: fault.reason,
                        step: DeadLetter.Step(epoch: row.entry.epoch, seq: row.entry.seq, at: row.entry.at)
                    )
                )
            } insert: { rows in
                try insert(rows, in: session)
            }
            try write(dead, in: session)
            try session.query(
                """
                update journal_cursor set drained_rows = drained_rows + \(written.count)
                where sale_id = \(saleID) and stream = 'attempts'
                """
            )
            Failpoint.reach("attempts.before-commit")
            return DrainResult(rows: written.count, deadLetters: dead.count)
        }
    }

    private func insert(_ rows: [Row], in session: PostgresSession) throws {
        try session.query(
            """
            insert into \(identifier: AttemptsBatch.partition(of: saleID))
                (sale_id, epoch, seq, idx, at, item_id, outcome, user_id)
            select \(saleID)::bigint, r.epoch, r.seq, r.idx, r.at, r.item_id, r.outcome::"char", r.user_id from unnest(
                \(rows.map(\.entry.epoch)), \(rows.map(\.entry.seq)), \(rows.map(\.index)), \(rows.map(\.entry.at)),
                \(rows.map(\.item)), \(rows.map { String(UnicodeScalar($0.letter)) }), \(rows.map(\.user))
            ) as r(epoch, seq, idx, at, item_id, outcome, user_id)
            """
        )
    }

    /// Locks the cursor and moves it, all at once: false when it is locked, elsewhere, or at another epoch.
    private func moveCursor(rows: Int, in session: PostgresSession) throws -> Bool {
        let moved = try session.query(
            """
            with position as (
                \(portion.lockCursor(of: .attempts))
            )
            update journal_cursor c
            set \(portion.progress), drained_rows = drained_rows + \(rows)
            from position p where c.sale_id = p.sale_id and c.stream = 'attempts'
            """
        )
        return moved.affected == 1
    }

    private func write(_ dead: [DeadLetter], in session: PostgresSession) throws {
        if dead.isEmpty { return }
        try session.query(
            DeadLetterColumns(dead).insert(stream: .attempts, from: "(select \(saleID)::bigint as sale_id)")
        )
    }
}
