/// What became of a sale when its records were played through the rules again.
public struct ReplayAudit: Sendable {
    /// The sale.
    public let sale: Sale
    /// The instant of Postgres whose records were read.
    public let at: Timestamp
    /// The first record that the rules do not give; nil when all follow.
    public let divergence: ReplayDivergence?
    /// What the records add up to.
    public let totals: ReplayTotals
    /// Records above the last step that both streams have brought; they were not judged.
    public let waiting: ReplayTotals
    /// The last record that was judged.
    public let last: RecordPosition
    /// Units as they follow from the records up to there.
    public let free: Int
    /// Units as they follow from the records up to there.
    public let held: Int
    /// Units as they follow from the records up to there.
    public let sold: Int
    /// Rows of `purchases`.
    public let purchases: Int
    /// Rows of the journal that Postgres has refused and nobody has repaired: the records are incomplete.
    public let deadLetters: Int
    /// Rebuilds after a loss of Redis.
    public let rebuilds: Int

    /// Whether every record follows from those before it, and none is missing.
    public var isClean: Bool { divergence == nil && deadLetters == 0 }

    /// How long one statement may take: both cursors sort before their first row comes.
    static let statementTimeout: Duration = .seconds(1800)

    /// Plays all records of a sale, in one snapshot.
    ///
    /// - Parameter progress: called some times a second with the rows read and the rows there are, about.
    /// - Throws: ``PostgresError``; a `CancellationError` with the task.
    public static func run(
        _ sale: Sale,
        on postgres: PostgresConnection,
        progress: @escaping @Sendable (_ rows: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws -> ReplayAudit {
        let options = TransactionOptions(
            isolation: .repeatableRead,
            readOnly: true,
            statementTimeout: statementTimeout
        )
        return try await postgres.transaction(options) { session in
            // It holds no lock that anybody waits for, and on a busy machine the rows of one portion take a while.
            try session.query("set local idle_in_transaction_session_timeout = '60s'")
            let facts = try ReplayFacts.read(sale, session)
            let total = Int(clamping: facts.drainedRows.values.reduce(0, +))
            try SaleRecordReader.declare(sale.id, lasting: false, in: session)
            var reader = SaleRecordReader()
            var replay = SaleReplay(sale, facts)
            try reader.begin(session)
            var reported = 0
            while let entry = try reader.next(session) {
                replay.take(entry)
                guard reader.taken - reported >= ReplayAudit.stride else { continue }
                reported = reader.taken
                try Task.checkCancellation()
                progress(reported, max(total, reported))
            }
            try replay.finish(session)
            let purchases = try session.query(
                "select count(*) as n from purchases where sale_id = \(sale.id)"
            ).one()["n"].int
            return ReplayAudit(replay, purchases: purchases)
        }
    }

    /// Rows between two reports of progress.
    private static let stride = 5000

    private init(_ replay: SaleReplay, purchases: Int) {
        sale = replay.sale
        at = replay.facts.at
        divergence = replay.divergence
        totals = replay.totals
        waiting = replay.waiting
        last = replay.last
        (free, held, sold) = (replay.model.free, replay.model.held, replay.model.sold)
        self.purchases = purchases
        deadLetters = replay.facts.deadLetters
        rebuilds = replay.facts.rebuilds.count
    }
}

/// What can only be said at the end.
extension SaleReplay {
    /// Compares the records as a whole: what the drains have brought, the purchases, and a finished sale's holds.
    mutating func finish(_ session: PostgresSession) throws {
        if facts.isFinished, divergence == nil, model.held > 0 {
            let user = model.openHolds.first
            let why = "the sale is finished, and no hold outlives it"
            diverge(.ledger, nil, user?.value.user, "\(model.held) open holds", "none", why, hold: user?.key)
        }
        for stream in JournalStream.allCases {
            let wanted = (facts.drainedRows[stream] ?? 0) + (facts.notes.rows[stream] ?? 0)
            let found = drainedRows[stream] ?? 0
            guard wanted != found else { continue }
            let table: ReplayDivergence.Table = stream == .ledger ? .ledger : .attempts
            diverge(table, nil, nil, "\(found) rows", "\(wanted) rows", "the drain has brought that many")
        }
        try comparePurchases(session)
    }

    /// The table of purchases must say what the ledger says.
    private mutating func comparePurchases(_ session: PostgresSession) throws {
        guard divergence == nil else { return }
        let rows = try session.query(
            """
            select l.epoch, l.seq, l.idx, coalesce(l.hold_id, p.hold_id) as hold_id,
                coalesce(l.user_id, p.user_id) as user_id, p.hold_id is null as not_bought,
                l.hold_id is null as not_recorded,
                format('unit %s, number %s of user ''%s'', item %s, ticket ''%s'', at %s', p.unit, p.user_slot,
                    p.user_id, p.item_id, p.ticket, p.purchased_at) as bought,
                format('unit %s, number %s of user ''%s'', item %s, ticket ''%s'', at %s', l.unit, l.user_slot,
                    l.user_id, l.item_id, coalesce(l.detail, ''), l.at) as recorded
            from (select * from ledger where sale_id = \(sale.id) and kind = 'purchased') l
            full join (select * from purchases where sale_id = \(sale.id)) p on p.hold_id = l.hold_id
            where l.hold_id is null or p.hold_id is null
                or (l.unit, l.user_slot, l.user_id, l.item_id, coalesce(l.detail, ''), l.at)
                    is distinct from (p.unit, p.user_slot, p.user_id, p.item_id, p.ticket, p.purchased_at)
            order by l.epoch, l.seq, l.idx, p.unit limit 1
            """
        )
        guard let row = rows.first else { return }
        let isMissing = try row["not_bought"].bool
        let isUnknown = try row["not_recorded"].bool
        var place: RecordPosition?
        if !isUnknown {
            place = RecordPosition(
                epoch: try row["epoch"].int64,
                seq: try row["seq"].int64,
                index: try row["idx"].int64
            )
        }
        diverge(
            .purchases,
            place,
            try row["user_id"].userID,
            isMissing ? "no row" : try row["bought"].text,
            isUnknown ? "no row" : try row["recorded"].text,
            isUnknown ? "the ledger has no such purchase" : "the ledger says so",
            hold: try row["hold_id"].holdID
        )
    }
}
