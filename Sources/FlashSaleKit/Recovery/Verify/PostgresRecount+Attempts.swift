/// Steps and rows of Postgres that only the journal can explain.
struct LooseEnds: Sendable {
    /// A row of one table without its partner in the other.
    struct Row: Sendable, Equatable {
        var epoch: Int64
        var seq: Int64
        var index: Int64
        var user: UserID
        var holdID: HoldID?
    }

    /// Missing steps after `before` and in front of `seq`.
    struct Gap: Sendable, Equatable {
        var beforeEpoch: Int64
        var before: Int64
        var epoch: Int64
        var seq: Int64
    }

    /// Rows `held` of the ledger without an attempt.
    var holds: [Row] = []
    /// Attempts with the outcome held without such a row.
    var attempts: [Row] = []
    var gaps: [Gap] = []
    /// Highest step that either table has.
    var highestSeq: Int64 = 0
}

/// The part of the recount that reads the attempts: aggregates only, which spill to disk and not into memory.
extension PostgresRecount {
    private var partition: SQL { "\(identifier: AttemptsBatch.partition(of: saleID))" }

    /// Whether no reconciliation has written the attempt: its row stands behind one of that kind in the same step.
    private var isDrained: SQL {
        """
        not exists (select 1 from ledger r where r.sale_id = \(saleID) and r.kind = 'reconciled'
            and r.epoch = a.epoch and r.seq = a.seq and r.idx <= a.idx)
        """
    }

    mutating func countAttempts(_ session: PostgresSession) throws {
        for row in try session.query(
            "select outcome::text as outcome, count(*) as n from \(partition) group by 1"
        ) {
            let letter = try row["outcome"].text.utf8.first
            guard let outcome = letter.flatMap(Outcome.init(rawValue:)) else { continue }
            outcomes[outcome] = try row["n"].int64
        }
        let row = try session.query(
            """
            select coalesce(sum(n), 0)::bigint as rows, count(*) as entries, coalesce(max(seq), 0) as seq, max(at) as at
            from (select epoch, seq, count(*) as n, max(at) as at from \(partition) a
                where \(isDrained) group by 1, 2) steps
            """
        ).one()
        let recorded = Recorded(
            rows: try row["rows"].int64,
            entries: try row["entries"].int64,
            highestSeq: try row["seq"].int64,
            drainedSeq: try row["seq"].int64
        )
        fold.latest = max(fold.latest, try row["at"].optional?.timestamp.microseconds ?? 0)
        attempts = recorded
    }

    /// Which holds have no attempt and the reverse: the journal may still bring the other half.
    mutating func checkHeldAttempts(_ session: PostgresSession) throws {
        var invariant = Invariant(.heldAttempts, saleID)
        let rows = try session.query(
            """
            select coalesce(l.epoch, a.epoch) as epoch, coalesce(l.seq, a.seq) as seq, coalesce(l.idx, a.idx) as idx,
                l.hold_id, l.user_id as holder, a.user_id as asker, l.hold_id is not null as has_hold,
                a.user_id is not null as has_attempt
            from (select epoch, seq, idx, hold_id, user_id, item_id, at from ledger
                where sale_id = \(saleID) and kind = 'held') l
            full join (select epoch, seq, idx, user_id, item_id, at from \(partition) where outcome = 'H') a
                on (l.epoch, l.seq, l.idx) = (a.epoch, a.seq, a.idx)
            where l.epoch is null or a.epoch is null or (l.user_id, l.item_id, l.at) <> (a.user_id, a.item_id, a.at)
            order by 1, 2, 3
            """
        )
        for row in rows {
            let holder = try row["holder"].optional?.userID
            let asker = try row["asker"].optional?.userID
            let end = LooseEnds.Row(
                epoch: try row["epoch"].int64,
                seq: try row["seq"].int64,
                index: try row["idx"].int64,
                user: holder ?? asker ?? .empty,
                holdID: try row["hold_id"].optional?.holdID
            )
            switch (holder, asker) {
            case (.some, nil): loose.holds.append(end)
            case (nil, .some): loose.attempts.append(end)
            default:
                invariant.violate(
                    "the attempt at step \(end.seq), row \(end.index), of sale \(saleID) is not that of its hold "
                        + "\(end.holdID.map(\.description) ?? "") of user '\(end.user)': user, item or time differ",
                    hold: end.holdID,
                    user: end.user
                )
            }
        }
        invariant.figure("holds", fold.begun)
        invariant.figure("attempts that got one", outcomes[.held] ?? 0)
        invariants.append(invariant)
    }

    /// Every record once. No index helps a live sale, so this sorts or hashes, on disk when it must.
    mutating func checkRepeatedAttempts(_ session: PostgresSession) throws {
        var invariant = Invariant(.attemptsOnce, saleID)
        let rows = try session.query(
            """
            select epoch, seq, idx, count(*) as times, min(user_id) as user_id, count(*) over () as n
            from \(partition) group by epoch, seq, idx having count(*) > 1
            order by epoch, seq, idx limit \(Invariant.maximumFindings)
            """
        )
        for row in rows {
            let user = try row["user_id"].userID
            invariant.violate(
                "the attempt of user '\(user)' at step \(try row["seq"].int64), row \(try row["idx"].int64), of sale "
                    + "\(saleID) (epoch \(try row["epoch"].int64)) is recorded \(try row["times"].int64) times",
                user: user,
                next: "find out who wrote attempts of sale \(saleID) beside the drain: nothing is deleted by itself"
            )
        }
        invariant.violate(more: (try rows.first?["n"].int ?? 0) - rows.count)
        invariant.figure("attempts", outcomes.values.reduce(0, +))
        invariants.append(invariant)
    }

    /// Steps that neither table has.
    mutating func findGaps(_ session: PostgresSession) throws {
        for row in try session.query(
            """
            with used as (
                select epoch, seq from ledger where sale_id = \(saleID) group by 1, 2
                union select epoch, seq from \(partition) group by 1, 2
            ), steps as (
                select epoch, seq, coalesce(lag(epoch) over w, 0) as before_epoch,
                    coalesce(lag(seq) over w, 0) as before
                from used window w as (order by epoch, seq)
            )
            select * from steps where seq <> before + 1 order by epoch, seq
            """
        ) {
            loose.gaps.append(
                LooseEnds.Gap(
                    beforeEpoch: try row["before_epoch"].int64,
                    before: try row["before"].int64,
                    epoch: try row["epoch"].int64,
                    seq: try row["seq"].int64
                )
            )
        }
        loose.highestSeq = max(ledger.highestSeq, attempts?.highestSeq ?? 0)
    }
}
