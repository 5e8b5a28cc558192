/// What is read of a subject, all in one round trip: on a busy machine each further one would wait for its turn.
struct SubjectStatements {
    /// One statement.
    enum Name: Sendable {
        case sale, head, cursors, recoveries, ledger, controls, receipts, attempts, letters, actions
    }

    let subject: Subject
    let saleID: SaleID
    let limits: SubjectRecords.Limits

    /// Runs them; attempts of a hold are not among them, because its step must be known first.
    func run(_ session: PostgresSession) throws -> [Name: PostgresRows] {
        // A sale that sells has few statistics: what the planner guesses of it would be a scan of all attempts.
        // Compiling a plan and starting workers takes longer than these plans run.
        let settings: [SQL] = [
            "set local enable_seqscan = off", "set local jit = off", "set local max_parallel_workers_per_gather = 0",
        ]
        let named = statements
        let answers = try session.pipeline(settings + named.map(\.sql))
        var found: [Name: PostgresRows] = [:]
        for (index, statement) in named.enumerated() { found[statement.name] = answers[settings.count + index] }
        return found
    }

    private var statements: [(name: Name, sql: SQL)] {
        let recount = PostgresRecount(saleID)
        return [
            (.sale, "\(SaleStore.select) where s.id = \(saleID)"),
            (
                .head,
                """
                select now() as at, opened_in_redis_at is not null as opened, coalesce((
                    select last_seq from journal_cursor where sale_id = \(saleID) and stream = 'ledger'), 0) as last_seq
                from sales where id = \(saleID)
                """
            ),
            (.cursors, recount.cursorStatement), (.recoveries, recount.recoveryStatement),
            (
                .controls,
                """
                select * from ledger
                where sale_id = \(saleID) and kind in ('control', 'opened', 'rebuilt', 'reconciled')
                order by epoch desc, seq desc, idx desc limit 1000
                """
            ),
            (
                .letters,
                """
                select id, created_at, kind, reason, repaired_at, payload from dead_letter where sale_id = \(saleID)
                order by id desc limit 1000
                """
            ),
            (
                .actions,
                """
                select at, actor, action, reason from control_log where sale_id = \(saleID) and epoch is null
                order by id desc limit 200
                """
            ),
        ] + subjectStatements
    }

    private var subjectStatements: [(name: Name, sql: SQL)] {
        switch subject {
        case .user(let user):
            [
                (
                    .ledger,
                    """
                    select * from ledger where sale_id = \(saleID) and user_id = \(user)
                    order by epoch desc, seq desc, idx desc limit \(limits.ledger + 1)
                    """
                ), (.receipts, "select * from purchases where sale_id = \(saleID) and user_id = \(user)"),
                (.attempts, SubjectStatements.attempts(saleID, "user_id = \(user)", limit: limits.attempts)),
            ]
        case .hold(let hold):
            [
                // Written so that each half is the condition of one of the unique indexes.
                (
                    .ledger,
                    """
                    select * from (
                        select * from ledger where sale_id = \(saleID) and hold_id = \(hold) and kind = 'held'
                        union all
                        select * from ledger where sale_id = \(saleID) and hold_id = \(hold)
                            and kind in ('purchased', 'expired', 'released')) l
                    order by epoch desc, seq desc, idx desc
                    """
                ), (.receipts, "select * from purchases where sale_id = \(saleID) and hold_id = \(hold)"),
            ]
        case .unit: []
        }
    }

    /// The newest of the attempts that this condition finds by an index, each with the number of all by outcome.
    static func attempts(_ saleID: SaleID, _ condition: SQL, limit: Int) -> SQL {
        """
        with mine as materialized (
            select epoch, seq, idx, at, item_id, user_id, outcome from attempts
            where sale_id = \(saleID) and \(condition))
        select *, count(*) filter (where outcome = 'H') over () as held,
            count(*) filter (where outcome = 'S') over () as sold_out,
            count(*) filter (where outcome = 'L') over () as user_limit,
            count(*) filter (where outcome = 'B') over () as banned
        from mine order by epoch desc, seq desc, idx desc limit \(max(1, limit))
        """
    }
}
