/// Writes what closes a gap into Postgres, in one transaction.
struct GapWriter: Sendable {
    let closing: GapClosing
    /// The plan that was confirmed.
    let hash: String
    let actor: String
    let reason: String
    /// The epoch at which the sale is shut meanwhile.
    let epoch: Int64

    private var saleID: SaleID { closing.saleID }
    /// Rows that are written at once.
    private static let portion = 2000

    func commit(on postgres: PostgresConnection) async throws {
        let options = TransactionOptions(statementTimeout: PostgresRecount.statementTimeout)
        try await postgres.transaction(options) { session in
            try lockCursors(session)
            try note(heading, index: GapRows.firstIndex, session)
            for first in stride(from: 0, to: closing.rows.count, by: GapWriter.portion) {
                let rows = Array(closing.rows[first..<min(first + GapWriter.portion, closing.rows.count)])
                try insert(rows, session)
            }
            var index = GapRows.firstIndex + Int32(closing.rows.count)
            for stream in JournalStream.allCases {
                guard let lost = closing.lost[stream] else { continue }
                index += 1
                try note(ReconciledNotes.lost(stream, lost), index: index, session)
            }
            try moveCursors(session)
            try session.query(
                """
                insert into control_log (sale_id, actor, action, reason)
                values (\(saleID), \(actor), 'reconcile',
                    \("plan \(hash), \(closing.rows.count) rows into a gap of the journal: \(reason)"))
                """
            )
            try session.query("select pg_notify(\(LedgerDrain.purchasesChannel), \(saleID.description))")
        }
    }

    /// Both cursors, the ledger's first, at the epoch of this closing and where the plan has seen them: nobody else
    /// has moved or recovered the sale since, and nobody can until the end.
    private func lockCursors(_ session: PostgresSession) throws {
        for stream in [JournalStream.ledger, .attempts] {
            let found = try session.query(
                """
                select 1 from journal_cursor
                where sale_id = \(saleID) and stream = \(stream.rawValue) and epoch = \(epoch)
                    and last_id = \(closing.from[stream]?.description ?? "")
                for update
                """
            )
            guard found.count == 1 else {
                throw ReconcileError(
                    .moved,
                    "the cursor of the \(stream.rawValue) of sale \(saleID) has moved since it was planned: nothing "
                        + "was written",
                    nextStep: "plan again with `\(JournalGap.nextStep(saleID))`"
                )
            }
        }
    }

    private func insert(_ rows: [LedgerRow], _ session: PostgresSession) throws {
        let entry: SQL = "with entry as (select \(saleID)::bigint as sale_id, r.* from \(LedgerColumns(rows).unnest))"
        try session.query("\(entry) \(LedgerColumns.insertLedger)")
        let bought = rows.filter { $0.kind == .purchased }
        if bought.isEmpty { return }
        let purchases: SQL = "select \(saleID)::bigint as sale_id, r.* from \(LedgerColumns(bought).unnest)"
        try session.query("with entry as (\(purchases)) \(LedgerColumns.insertPurchases)")
    }

    private func note(_ text: String, index: Int32, _ session: PostgresSession) throws {
        try session.query(
            """
            insert into ledger (sale_id, epoch, seq, idx, at, kind, detail)
            values (\(saleID), \(closing.epoch), \(closing.step), \(index), \(closing.at), 'reconciled', \(text))
            """
        )
    }

    /// What the first row of the step says: the plan, who and why.
    private var heading: String { ReconciliationWriter.heading(hash, actor, reason) }

    private func moveCursors(_ session: PostgresSession) throws {
        for (stream, id) in closing.to {
            try session.query(
                """
                update journal_cursor set last_id = \(id.description), updated_at = now(),
                    last_seq = greatest(last_seq, \(closing.lost[stream]?.upperBound ?? 0))
                where sale_id = \(saleID) and stream = \(stream.rawValue)
                """
            )
        }
    }
}
