/// Writes a plan into Postgres: all of it in one transaction, behind a row that says who did it.
struct ReconciliationWriter: Sendable {
    let plan: ReconciliationPlan
    let actor: String
    let reason: String

    private var saleID: SaleID { plan.saleID }

    func commit(on postgres: PostgresConnection) async throws {
        let options = TransactionOptions(statementTimeout: PostgresRecount.statementTimeout)
        try await postgres.transaction(options) { session in
            let (epoch, seq) = try newStep(session)
            var index: Int64 = 0
            try insert(
                LedgerInsert(kind: .reconciled, user: .empty, item: 0, at: try now(session), detail: heading),
                JournalTail.Step(epoch: epoch, seq: seq, index: index),
                session
            )
            for step in plan.steps {
                switch step.operation {
                case .ledger(let row):
                    if row.place == nil { index += 1 }
                    try insert(row, row.place ?? JournalTail.Step(epoch: epoch, seq: seq, index: index), session)
                case .attempt(let row):
                    // It stands where its hold does, which the step before has written.
                    try insert(row, row.place ?? JournalTail.Step(epoch: epoch, seq: seq, index: index), session)
                case .note(let text):
                    index += 1
                    let row = LedgerInsert(kind: .reconciled, user: .empty, item: 0, at: try now(session), detail: text)
                    try insert(row, JournalTail.Step(epoch: epoch, seq: seq, index: index), session)
                case .purchase(let id): try insertPurchase(id, session)
                case .cursor(let stream, let id):
                    try session.query(
                        """
                        update journal_cursor set last_id = \(id.description), updated_at = now()
                        where sale_id = \(saleID) and stream = \(stream.rawValue)
                        """
                    )
                case .figures(let stream, let rows, let entries):
                    try session.query(
                        """
                        update journal_cursor set drained_rows = \(rows), drained_entries = \(entries),
                            updated_at = now()
                        where sale_id = \(saleID) and stream = \(stream.rawValue) and drained_rows <= \(rows)
                            and drained_entries <= \(entries)
                        """
                    )
                case .rebuild, .close: break
                }
            }
            // A Redis that does not know of this step is behind: it is rebuilt, even if we are killed right now.
            try session.query(
                """
                update journal_cursor set last_seq = greatest(last_seq, \(seq))
                where sale_id = \(saleID) and stream = 'ledger'
                """
            )
            try session.query(
                """
                insert into control_log (sale_id, actor, action, reason)
                values (\(saleID), \(actor), 'reconcile', \("plan \(plan.hash), \(plan.steps.count) steps: \(reason)"))
                """
            )
        }
    }

    /// What the first row of the step says: the plan, who and why.
    private var heading: String { ReconciliationWriter.heading(plan.hash, actor, reason) }

    /// The text of the row `reconciled` with which a step begins.
    static func heading(_ hash: String, _ actor: String, _ reason: String) -> String {
        [hash, actor, reason].map { text in
            String(text.map { $0 == "\t" || $0.isNewline ? " " : $0 })
        }.joined(separator: "\t")
    }

    private func now(_ session: PostgresSession) throws -> Timestamp {
        try session.query("select now() as now").one()["now"].timestamp
    }

    /// A step above all others, those that the journal still brings included: the cursors are fenced by now, and no
    /// script counts on. The rebuild goes on above it.
    private func newStep(_ session: PostgresSession) throws -> (epoch: Int64, seq: Int64) {
        let row = try session.query(
            """
            select (select max(epoch) from journal_cursor where sale_id = \(saleID)) as epoch,
                1 + greatest(\(plan.highestStep), (select max(last_seq) from journal_cursor where sale_id = \(saleID)),
                    (select coalesce(max(seq), 0) from ledger where sale_id = \(saleID)),
                    (select coalesce(max(seq), 0) from \(identifier: AttemptsBatch.partition(of: saleID)))) as seq
            """
        ).one()
        return (try row["epoch"].int64, try row["seq"].int64)
    }

    private func insert(_ row: LedgerInsert, _ step: JournalTail.Step, _ session: PostgresSession) throws {
        try session.query(
            """
            insert into ledger (
                sale_id, epoch, seq, idx, at, kind, hold_id, user_id, item_id, unit, user_slot, deadline, detail)
            values (\(saleID), \(step.epoch), \(step.seq), \(step.index)::integer, \(row.at), \(row.kind.rawValue),
                \(row.holdID), nullif(\(row.user)::text, ''), nullif(\(row.item), 0), nullif(\(row.unit), 0)::integer,
                nullif(\(row.slot), 0)::integer, \(row.deadline), \(row.detail))
            """
        )
    }

    private func insert(_ row: AttemptInsert, _ step: JournalTail.Step, _ session: PostgresSession) throws {
        try session.query(
            """
            insert into attempts (sale_id, epoch, seq, idx, at, item_id, outcome, user_id)
            values (\(saleID), \(step.epoch), \(step.seq), \(step.index)::integer, \(row.at), \(row.item),
                \(String(Character(UnicodeScalar(row.outcome))))::"char", \(row.user))
            """
        )
    }

    private func insertPurchase(_ id: HoldID, _ session: PostgresSession) throws {
        let inserted = try session.query(
            """
            insert into purchases (
                sale_id, unit, sale_stock, sale_limit, user_id, user_slot, item_id, hold_id, ticket, purchased_at)
            select s.id, l.unit, s.stock, s.user_limit, l.user_id, l.user_slot, l.item_id, l.hold_id,
                coalesce(l.detail, ''), l.at
            from ledger l join sales s on s.id = l.sale_id
            where l.sale_id = \(saleID) and l.hold_id = \(id) and l.kind = 'purchased'
            """
        )
        guard inserted.affected == 1 else {
            throw ReconcileError(
                .moved,
                "hold \(id) of sale \(saleID) is not bought in the ledger: nothing was written"
            )
        }
    }
}
