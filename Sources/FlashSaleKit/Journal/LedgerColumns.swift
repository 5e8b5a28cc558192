/// Rows of the ledger as one array per column, so that any number of rows is one statement with the same text.
struct LedgerColumns {
    private let rows: [LedgerRow]

    init(_ rows: [LedgerRow]) {
        self.rows = rows
    }

    /// `unnest(…) as r(…)`; 0, the empty user and the hold id of zeros stand for NULL until `insertLedger`.
    var unnest: SQL {
        """
        unnest(
            \(rows.map(\.epoch)), \(rows.map(\.seq)), \(rows.map(\.index)), \(rows.map(\.at)),
            \(rows.map(\.kind.rawValue)), \(rows.map { $0.holdID ?? HoldID(high: 0, low: 0) }), \(rows.map(\.userID)),
            \(rows.map(\.itemID)), \(rows.map(\.unit)), \(rows.map(\.userSlot)),
            \(rows.map { $0.deadline ?? Timestamp(microseconds: 0) }), \(rows.map { $0.detail ?? "" })
        ) as r(epoch, seq, idx, at, kind, hold_id, user_id, item_id, unit, user_slot, deadline, detail)
        """
    }

    /// Inserts all of `entry` into the ledger.
    static let insertLedger: SQL = """
        insert into ledger (
            sale_id, epoch, seq, idx, at, kind, hold_id, user_id, item_id, unit, user_slot, deadline, detail)
        select sale_id, epoch, seq, idx, at, kind,
            case when kind in ('held', 'purchased', 'expired', 'released') then hold_id end,
            nullif(user_id, ''), nullif(item_id, 0), nullif(unit, 0)::integer, nullif(user_slot, 0)::integer,
            case when kind = 'held' then deadline end,
            case when kind not in ('expired', 'released') then detail end
        from entry
        """

    /// Inserts the purchases of `entry`; the ceilings are copied from the sale and checked by the foreign key.
    static let insertPurchases: SQL = """
        insert into purchases (
            sale_id, unit, sale_stock, sale_limit, user_id, user_slot, item_id, hold_id, ticket, purchased_at)
        select s.id, e.unit::integer, s.stock, s.user_limit, e.user_id, e.user_slot::integer, e.item_id, e.hold_id,
            e.detail, e.at
        from entry e join sales s on s.id = e.sale_id
        where e.kind = 'purchased'
        """
}

/// Dead letters as one array per column.
struct DeadLetterColumns {
    private let letters: [DeadLetter]

    init(_ letters: [DeadLetter]) {
        self.letters = letters
    }

    /// `unnest(…) as d(…)` in the order of ``insert(stream:from:)``.
    private var unnest: SQL {
        """
        unnest(
            \(letters.map(\.entryID.description)), \(letters.map(\.index)), \(letters.map(\.kind)),
            \(letters.map(\.payload)), \(letters.map(\.sqlState)), \(letters.map(\.reason)),
            \(letters.map { $0.step?.epoch ?? 0 }), \(letters.map { $0.step?.seq ?? 0 }),
            \(letters.map { $0.step?.at ?? Timestamp(microseconds: 0) })
        ) as d(entry_id, idx, kind, payload, sqlstate, reason, epoch, seq, at)
        """
    }

    /// Inserts the letters once for each row of `source`: a table, or a select in parentheses, with one row at most.
    func insert(stream: JournalStream, from source: SQL) -> SQL {
        """
        insert into dead_letter (sale_id, stream, entry_id, idx, kind, payload, sqlstate, reason, epoch, seq, at)
        select p.sale_id, \(stream.rawValue), d.entry_id, d.idx, d.kind, d.payload, d.sqlstate, d.reason,
            nullif(d.epoch, 0), nullif(d.seq, 0), case when d.seq > 0 then d.at end
        from \(source) as p, \(unnest)
        """
    }
}
