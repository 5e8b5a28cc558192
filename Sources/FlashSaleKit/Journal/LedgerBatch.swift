/// A portion of the ledger on its way into one transaction.
struct LedgerBatch: Sendable {
    let portion: JournalDrain.Portion
    private(set) var rows: [LedgerRow] = []
    private(set) var dead: [DeadLetter] = []

    init(_ portion: JournalDrain.Portion) {
        self.portion = portion
        for entry in portion.entries { LedgerEntry.decode(entry, rows: &rows, dead: &dead) }
    }

    /// The receipts of these rows.
    func purchases(of rows: [LedgerRow]) -> [CommittedPurchase] {
        rows.compactMap { row in
            guard row.kind == .purchased, let holdID = row.holdID else { return nil }
            return CommittedPurchase(
                holdID: holdID,
                saleID: portion.saleID,
                unit: Int(row.unit),
                itemID: row.itemID,
                ticket: row.detail ?? "",
                purchasedAt: row.at
            )
        }
    }

    /// Locks the cursor, writes rows, purchases and dead letters, moves the cursor and tells who waits, all in one
    /// statement: it commits as a whole or not at all. Nil when the cursor was locked, or elsewhere than expected.
    func commitInOneStatement(on postgres: PostgresConnection) async throws -> DrainResult? {
        let sold = purchases(of: rows)
        let answer = try await postgres.query(
            """
            with position as (
                \(portion.lockCursor(of: .ledger))
            ), entry as (
                select * from position, \(LedgerColumns(rows).unnest)
            ), recorded as (
                \(LedgerColumns.insertLedger)
                returning 1
            ), bought as (
                \(LedgerColumns.insertPurchases)
                returning 1
            ), refused as (
                \(DeadLetterColumns(dead).insert(stream: .ledger, from: "position"))
            ), moved as (
                update journal_cursor c
                set \(portion.progress), drained_rows = drained_rows + \(rows.count)
                from position where c.sale_id = position.sale_id and c.stream = 'ledger'
                returning 1
            ), told as (
                select pg_notify(\(LedgerDrain.purchasesChannel), \(portion.saleID.description)) from position
                where \(!sold.isEmpty)
            )
            select (select count(*) from recorded) as recorded, (select count(*) from bought) as bought,
                (select count(*) from moved) as moved, (select count(*) from told) as told
            """
        )
        guard let row = answer.first, try row["moved"].int64 == 1 else { return nil }
        // The statement inserts all of them or none: anything else is a fault of this code, and must not go unseen.
        let written = (try row["recorded"].int, try row["bought"].int)
        precondition(written == (rows.count, sold.count), "a statement that committed left rows out")
        return result(rows, deadLetters: dead.count, purchases: sold)
    }

    /// The same in a transaction with savepoints: rows that Postgres refuses are found by bisection and become dead
    /// letters, the others are written.
    func commitRowByRow(on postgres: PostgresConnection) async throws -> DrainResult? {
        try await postgres.transaction { session in
            guard try session.query(portion.lockCursor(of: .ledger)).count == 1 else { return nil }
            var refused: [DeadLetter] = dead
            let recorded = try Bisection.write(rows, into: session) { row, fault in
                refused.append(row.deadLetter(fault))
            } insert: { rows in
                try session.query("with entry as (\(source(rows))) \(LedgerColumns.insertLedger)")
            }
            // A purchase that its table refuses keeps its row in the ledger, and so its unit.
            let bought = try Bisection.write(recorded.filter { $0.kind == .purchased }, into: session) { row, fault in
                refused.append(row.deadLetter(fault))
            } insert: { rows in
                try session.query("with entry as (\(source(rows))) \(LedgerColumns.insertPurchases)")
            }
            try session.query(
                DeadLetterColumns(refused).insert(
                    stream: .ledger,
                    from: "(select \(portion.saleID)::bigint as sale_id)"
                )
            )
            try session.query(
                """
                update journal_cursor
                set \(portion.progress), drained_rows = drained_rows + \(recorded.count)
                where sale_id = \(portion.saleID) and stream = 'ledger'
                """
            )
            try session.query("select pg_notify(\(LedgerDrain.purchasesChannel), \(portion.saleID.description))")
            return result(recorded, deadLetters: refused.count, purchases: purchases(of: bought))
        }
    }

    private func result(_ rows: [LedgerRow], deadLetters: Int, purchases: [CommittedPurchase]) -> DrainResult {
        var result = DrainResult(rows: rows.count, deadLetters: deadLetters, purchases: purchases)
        result.expired = rows.count { $0.kind == .expired }
        result.released = rows.count { $0.kind == .released }
        return result
    }

    private func source(_ rows: [LedgerRow]) -> SQL {
        "select \(portion.saleID)::bigint as sale_id, r.* from \(LedgerColumns(rows).unnest)"
    }
}

extension LedgerRow {
    /// This row as a dead letter.
    func deadLetter(_ fault: Bisection.Fault) -> DeadLetter {
        DeadLetter(
            entryID: entryID,
            index: index,
            kind: kind.rawValue,
            payload: line,
            sqlState: fault.sqlState,
            reason: fault.reason,
            step: DeadLetter.Step(epoch: epoch, seq: seq, at: at)
        )
    }
}
