/// The part of the recount that asks whether every outcome had its reason: it plays the ledger in its order, and looks
/// at each step whether what was refused there could not be had.
extension PostgresRecount {
    /// Only steps up to here: further on the ledger may not have arrived yet.
    private var knownUpTo: Int64 { ledger.highestSeq }

    /// Attempts of steps whose ledger is all there. Above the records of a rebuild it was forgotten, and in front of a
    /// reconciliation the sums have changed: there the ledger no longer tells what was free. Written out, because a
    /// subquery would run for each attempt.
    private var isTold: SQL {
        recoveries.filter(\.rebuilt).reduce("a.seq <= \(knownUpTo) and a.seq > \(notes.lastStep)") { told, recovery in
            "\(told) and (a.epoch >= \(recovery.epoch) or a.seq <= \(recovery.ledgerSeq))"
        }
    }

    private var partition: SQL { "\(identifier: AttemptsBatch.partition(of: saleID))" }

    mutating func checkOutcomes(_ session: PostgresSession) throws {
        var invariant = Invariant(.outcomes, saleID)
        try checkSoldOut(session, &invariant)
        try checkUserLimit(session, &invariant)
        try checkBanned(session, &invariant)
        for outcome in Outcome.allCases { invariant.figure(outcome.name, outcomes[outcome] ?? 0) }
        let known = outcomes.values.reduce(0, +)
        let unknown = try session.query(
            "select count(*) as n from \(partition) where outcome not in ('H', 'S', 'L', 'B')"
        ).one()["n"].int64
        invariant.require(unknown == 0, "\(unknown) of \(known + unknown) attempts of sale \(saleID) have no outcome")
        invariants.append(invariant)
    }

    /// Sold out means that no unit was free: the ones held and sold are the stock. The first refusal of a step is
    /// enough, since within one step units only become fewer; and whoever was refused for another reason, the last.
    private func checkSoldOut(_ session: PostgresSession, _ invariant: inout Invariant) throws {
        let rows = try session.query(
            """
            with events as (
                select epoch, seq, idx, case when kind = 'held' then 1 when kind in ('expired', 'released') then -1
                    else 0 end as taken, null::"char" as outcome, null::text as user_id
                from ledger where sale_id = \(saleID)
                union all
                (select distinct on (epoch, seq) epoch, seq, idx, 0, outcome, user_id from \(partition) a
                where outcome = 'S' and \(isTold) order by epoch, seq, idx)
                union all
                (select distinct on (epoch, seq) epoch, seq, idx, 0, outcome, user_id from \(partition) a
                where outcome = 'L' and \(isTold) order by epoch, seq, idx desc)
            ), played as (
                select *, sum(taken) over (order by epoch, seq, idx, outcome nulls first
                    rows unbounded preceding) as taken_by_then
                from events
            )
            select *, count(*) over () as n from played
            where (outcome = 'S' and taken_by_then <> \(stock)) or (outcome = 'L' and taken_by_then >= \(stock))
                or (outcome is null and (taken_by_then < 0 or taken_by_then > \(stock)))
            order by epoch, seq, idx limit \(Invariant.maximumFindings)
            """
        )
        for row in rows {
            let place = "step \(try row["seq"].int64), row \(try row["idx"].int64), of sale \(saleID)"
            let taken = try row["taken_by_then"].int64
            let user = try row["user_id"].optional?.userID
            switch try row["outcome"].optional?.text {
            case "S":
                invariant.violate(
                    "user '\(user ?? .empty)' was refused as sold out at \(place), when \(stock - taken) units "
                        + "were free",
                    user: user,
                    next: personal
                )
            case "L":
                invariant.violate(
                    "user '\(user ?? .empty)' was refused for the limit at \(place), when no unit was free anyway",
                    user: user,
                    next: personal
                )
            default: invariant.violate("\(taken) of \(stock) units were taken at \(place)")
            }
        }
        invariant.violate(more: (try rows.first?["n"].int ?? 0) - rows.count)
    }

    /// Nobody ever had more units than the limit, and whoever was refused for it had that many. The limit may be
    /// lowered, never raised: the lowest one is what any refusal had at least.
    private func checkUserLimit(_ session: PostgresSession, _ invariant: inout Invariant) throws {
        let lowest = fold.controls["limit"].flatMap { Int64($0) } ?? userLimit
        let rows = try session.query(
            """
            with events as (
                select epoch, seq, idx, case when kind = 'held' then 1 else -1 end as taken, false as refused, user_id
                from ledger where sale_id = \(saleID) and kind in ('held', 'expired', 'released')
                union all
                select epoch, seq, idx, 0, true, user_id from \(partition) a
                where outcome = 'L' and \(isTold)
            ), played as (
                select *, sum(taken) over (partition by user_id order by epoch, seq, idx, refused
                    rows unbounded preceding) as units
                from events
            )
            select *, count(*) over () as n from played
            where (refused and units < \(lowest)) or (not refused and (units > \(userLimit) or units < 0))
            order by epoch, seq, idx limit \(Invariant.maximumFindings)
            """
        )
        for row in rows {
            let place = "step \(try row["seq"].int64), row \(try row["idx"].int64), of sale \(saleID)"
            let (user, units) = (try row["user_id"].userID, try row["units"].int64)
            if try row["refused"].bool {
                invariant.violate(
                    "user '\(user)' was refused for the limit at \(place) with \(units) units",
                    user: user,
                    next: personal
                )
            } else {
                invariant.violate(
                    "user '\(user)' had \(units) units at \(place), the limit is \(userLimit)",
                    user: user
                )
            }
        }
        invariant.violate(more: (try rows.first?["n"].int ?? 0) - rows.count)
    }

    /// Nobody is refused as banned who never was.
    private func checkBanned(_ session: PostgresSession, _ invariant: inout Invariant) throws {
        let rows = try session.query(
            """
            select a.user_id, min(a.seq) as seq, count(*) over () as n from \(partition) a
            where a.outcome = 'B' and \(isTold) and not exists (
                select 1 from ledger l where l.sale_id = \(saleID) and l.kind = 'ban' and l.user_id = a.user_id
                    and (l.epoch, l.seq) < (a.epoch, a.seq))
            group by a.user_id order by 2, 1 limit \(Invariant.maximumFindings)
            """
        )
        for row in rows {
            let user = try row["user_id"].userID
            invariant.violate(
                "user '\(user)' was refused as banned at step \(try row["seq"].int64) of sale \(saleID) without a ban",
                user: user,
                next: personal
            )
        }
        invariant.violate(more: (try rows.first?["n"].int ?? 0) - rows.count)
    }

    private var personal: String {
        "compare with `select * from attempts where sale_id = \(saleID)` in a backup: what was answered is not known"
    }
}
