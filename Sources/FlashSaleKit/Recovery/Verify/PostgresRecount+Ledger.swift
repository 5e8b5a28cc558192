/// The part of the recount that reads the ledger.
extension PostgresRecount {
    /// Rows that a reconciliation has added stand behind a row of that kind in the same step; they did not come through
    /// the drain.
    var drainedLedger: SQL {
        """
        (select * from ledger l where sale_id = \(saleID) and not exists (
            select 1 from ledger r where r.sale_id = l.sale_id and r.kind = 'reconciled' and r.epoch = l.epoch
                and r.seq = l.seq and r.idx <= l.idx))
        """
    }

    /// Joins the beginning of every hold with its end, and takes over what still matters. In portions: a sale may have
    /// millions of holds.
    mutating func readFold(_ session: PostgresSession) throws {
        try session.query(
            """
            declare fold no scroll cursor for
            select coalesce(h.hold_id, e.hold_id) as hold_id, h.user_id, h.item_id, h.deadline,
                coalesce(h.detail, '') = '1' as keyed, h.epoch, e.kind, e.unit, e.user_slot, e.user_id as end_user,
                e.item_id as end_item, e.detail as ticket, e.at as ended_at, e.seq as end_seq,
                (e.epoch, e.seq, e.idx) <= (h.epoch, h.seq, h.idx) as backwards
            from (select * from ledger where sale_id = \(literal: saleID.rawValue) and kind = 'held') h
            full join (select * from ledger where sale_id = \(literal: saleID.rawValue)
                and kind in ('purchased', 'expired', 'released')) e using (hold_id)
            """
        )
        while true {
            let rows = try session.query("fetch forward 20000 from fold")
            for row in rows { try take(row) }
            if rows.isEmpty { break }
        }
        try session.query("close fold")
    }

    private mutating func take(_ row: PostgresRow) throws {
        let id = try row["hold_id"].holdID
        let kind = try row["kind"].optional?.text
        var hold: LedgerFold.Hold?
        if let user = try row["user_id"].optional?.userID {
            fold.begun += 1
            hold = LedgerFold.Hold(
                user: user,
                item: try row["item_id"].int64,
                deadline: try row["deadline"].timestamp.microseconds,
                keyed: try row["keyed"].bool,
                epoch: try row["epoch"].int64
            )
        }
        guard let kind else { return fold.open[id] = hold }
        let (user, item) = (try row["end_user"].userID, try row["end_item"].int64)
        try checkEnd(row, id, kind, hold, user, item)
        switch kind {
        case "purchased":
            fold.sold[id] = LedgerFold.Sold(
                unit: try row["unit"].int64,
                slot: try row["user_slot"].int64,
                user: user,
                item: item,
                ticket: try row["ticket"].optional?.text ?? "",
                time: try row["ended_at"].timestamp.microseconds,
                deadline: hold?.deadline,
                holdEpoch: hold?.epoch ?? 0
            )
        case "expired":
            fold.lapsed += 1
            if let hold, hold.keyed { fold.remembered[id] = hold }
        default:
            fold.released += 1
            if let hold, hold.keyed { fold.remembered[id] = hold }
        }
    }

    /// The end of a hold must follow from its beginning.
    private mutating func checkEnd(
        _ row: PostgresRow,
        _ id: HoldID,
        _ kind: String,
        _ hold: LedgerFold.Hold?,
        _ user: UserID,
        _ item: Int64
    ) throws {
        let seq = try row["end_seq"].int64
        func contradict(_ sentence: String) {
            fold.contradictions.append((sentence, id, user))
        }
        guard let hold else {
            return contradict(
                "hold \(id) of user '\(user)' is \(kind) at step \(seq) of sale \(saleID), but the ledger has no row "
                    + "with which it was held"
            )
        }
        if hold.user != user || hold.item != item {
            contradict(
                "hold \(id) of sale \(saleID) was begun by user '\(hold.user)' for item \(hold.item) and is \(kind) "
                    + "by user '\(user)' for item \(item) at step \(seq)"
            )
        }
        if try row["backwards"].bool {
            contradict("hold \(id) of user '\(user)' of sale \(saleID) is \(kind) at step \(seq), before it was held")
        }
    }

    mutating func readControls(_ session: PostgresSession) throws {
        for row in try session.query(
            """
            select kind, coalesce(user_id, '') as user_id, coalesce(detail, '') as detail from ledger
            where sale_id = \(saleID) and kind in ('control', 'ban', 'unban') order by epoch, seq, idx
            """
        ) {
            let (user, detail) = (try row["user_id"].userID, try row["detail"].text)
            switch try row["kind"].text {
            case "ban": fold.bans[user] = LedgerFold.reason(detail)
            case "unban": fold.bans[user] = nil
            default: fold.control(detail)
            }
        }
    }

    mutating func readNotes(_ session: PostgresSession) throws {
        for row in try session.query(
            """
            select coalesce(detail, '') as detail from ledger where sale_id = \(saleID) and kind = 'reconciled'
            order by epoch, seq, idx
            """
        ) { notes.take(try row["detail"].text) }
        let written = try session.query(
            """
            select coalesce(max(r.seq), 0) as seq from ledger r join ledger c using (sale_id, epoch, seq)
            where r.sale_id = \(saleID) and r.kind = 'reconciled' and c.hold_id is not null and c.idx >= r.idx
            """
        ).one()["seq"].int64
        notes.lastStep = max(notes.lastStep, written)
    }

    mutating func countLedger(_ session: PostgresSession) throws {
        let row = try session.query(
            """
            select (select count(*) from \(drainedLedger) d) as rows,
                (select count(*) from (select 1 from \(drainedLedger) d group by epoch, seq) steps) as entries,
                (select coalesce(max(seq), 0) from \(drainedLedger) d) as drained_seq,
                coalesce(max(seq), 0) as seq, max(at) as at
            from ledger where sale_id = \(saleID)
            """
        ).one()
        ledger = Recorded(
            rows: try row["rows"].int64,
            entries: try row["entries"].int64,
            highestSeq: try row["seq"].int64,
            drainedSeq: try row["drained_seq"].int64
        )
        fold.highestSeq = ledger.highestSeq
        fold.latest = try row["at"].optional?.timestamp.microseconds ?? 0
        purchases = try session.query("select count(*) as n from purchases where sale_id = \(saleID)").one()["n"].int64
    }

    mutating func checkDeadLetters(_ session: PostgresSession) throws {
        var invariant = Invariant(.deadLetters, saleID)
        var waiting = 0
        for row in try session.query(
            """
            select id, stream, entry_id, idx, kind, reason, repaired_at is not null as repaired from dead_letter
            where sale_id = \(saleID) order by id
            """
        ) {
            deadLetters += 1
            if let id = StreamID(try row["entry_id"].text) { deadEntries.insert(id) }
            if try row["repaired"].bool { continue }
            waiting += 1
            let (id, kind, reason) = (try row["id"].int64, try row["kind"].text, try row["reason"].text)
            let place = "\(try row["stream"].text) entry \(try row["entry_id"].text), row \(try row["idx"].int64)"
            invariant.violate(
                "dead letter \(id) of sale \(saleID) (\(kind), \(place)) waits for repair: \(reason)",
                next: "remove what refuses it, then `flashctl replay-attempts --pending`, which also says what cannot "
                    + "be repaired"
            )
        }
        invariant.figure("dead letters", waiting)
        invariants.append(invariant)
    }
}
