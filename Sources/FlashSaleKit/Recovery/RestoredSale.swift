/// The state of a sale as Postgres remembers it: its ledger, folded.
///
/// Everything is read in one snapshot and kept in memory, about 200 bytes for each open hold and receipt.
struct RestoredSale: Sendable {
    /// The cursors, above which the streams begin again.
    var cursors: [JournalStream: StreamID] = [:]
    /// Open holds, and tombstones of ended ones whose code an `Idempotency-Key` chose.
    var holds: [RestoreCall.RestoredHold] = []
    /// Purchases.
    var receipts: [RestoreCall.RestoredReceipt] = []
    /// Users that are banned, and why.
    var bans: [(user: UserID, reason: String)] = []
    /// The switches and the limit that operators have set last, by the name of their field in Redis.
    var settings: [String: String] = [:]
    /// Highest `seq` of the ledger.
    var ledgerSequence: Int64 = 0
    /// Highest `seq` of the attempts.
    var attemptsSequence: Int64 = 0
    /// The clock of Postgres, or the latest time on record if that is later.
    var clock = Timestamp(microseconds: 0)
    /// Committed purchases that the ledger does not know.
    var unknownPurchases = 0

    /// Holds that are open.
    var openHolds: Int { holds.count { $0.kind != .tombstone } }

    /// One sentence why no state follows from this ledger; nil when one does.
    ///
    /// What is sold must be numbered from 1 without a gap: the next purchase gets the number after it.
    func contradiction(in terms: SaleTerms) -> String? {
        let units = Set(receipts.map(\.unit))
        let highest = units.max() ?? 0
        if units.count != receipts.count || highest != receipts.count {
            return "its ledger has \(receipts.count) purchases of \(units.count) units, the highest is \(highest)"
        }
        if unknownPurchases > 0 { return "\(unknownPurchases) committed purchases are not in its ledger" }
        if receipts.count + openHolds > terms.stock {
            return "its ledger has \(receipts.count) purchases and \(openHolds) open holds of \(terms.stock) units"
        }
        return nil
    }

    /// Reads the records of a sale.
    static func read(_ sale: SaleID, from postgres: PostgresConnection) async throws -> RestoredSale {
        let options = TransactionOptions(
            isolation: .repeatableRead,
            readOnly: true,
            statementTimeout: .seconds(120)
        )
        return try await postgres.transaction(options) { session in
            var restored = RestoredSale()
            try restored.readTotals(sale, session)
            try restored.readHolds(sale, session)
            try restored.readReceipts(sale, session)
            try restored.readControls(sale, session)
            return restored
        }
    }

    /// Rows that are read at once. A process that stands still in the middle of a large answer would keep its locks.
    private static let portion = 5000

    private mutating func readTotals(_ sale: SaleID, _ session: PostgresSession) throws {
        let row = try session.query(
            """
            select greatest(l.last_seq, (select max(seq) from ledger where sale_id = \(sale))) as ledger_seq,
                a.last_seq as attempts_seq, l.last_id as ledger_id, a.last_id as attempts_id,
                greatest(clock_timestamp(), l.last_at, a.last_at) as clock,
                (select count(*) from purchases p where p.sale_id = \(sale) and not exists (
                    select 1 from ledger b where b.sale_id = p.sale_id and b.hold_id = p.hold_id
                        and b.kind = 'purchased')) as unknown
            from journal_cursor l join journal_cursor a on a.sale_id = l.sale_id and a.stream = 'attempts'
            where l.sale_id = \(sale) and l.stream = 'ledger'
            """
        ).one()
        ledgerSequence = try row["ledger_seq"].int64
        attemptsSequence = try row["attempts_seq"].int64
        clock = try row["clock"].timestamp
        unknownPurchases = try row["unknown"].int
        cursors[.ledger] = StreamID(try row["ledger_id"].text)
        cursors[.attempts] = StreamID(try row["attempts_id"].text)
    }

    /// Hands out the rows of a query in portions.
    private static func read(_ query: SQL, _ session: PostgresSession, _ body: (PostgresRow) throws -> Void) throws {
        try session.query("declare records no scroll cursor for \(query)")
        while true {
            let rows = try session.query("fetch \(literal: Int64(portion)) from records")
            for row in rows { try body(row) }
            if rows.count < portion { break }
        }
        try session.query("close records")
    }

    private mutating func readHolds(_ sale: SaleID, _ session: PostgresSession) throws {
        let query: SQL = """
            select h.hold_id, h.user_id, h.item_id, h.deadline, h.detail = '1' as keyed, e.kind is null as open
            from ledger h
            left join ledger e on e.sale_id = h.sale_id and e.hold_id = h.hold_id
                and e.kind in ('purchased', 'expired', 'released')
            where h.sale_id = \(literal: sale.rawValue) and h.kind = 'held'
                and (e.kind is null or (h.detail = '1' and e.kind <> 'purchased'))
            """
        try RestoredSale.read(query, session) { row in
            holds.append(
                RestoreCall.RestoredHold(
                    holdID: try row["hold_id"].holdID,
                    user: try row["user_id"].userID,
                    itemID: try row["item_id"].int64,
                    deadline: try row["deadline"].timestamp,
                    kind: try row["open"].bool ? (try row["keyed"].bool ? .keyed : .drawn) : .tombstone
                )
            )
        }
    }

    private mutating func readReceipts(_ sale: SaleID, _ session: PostgresSession) throws {
        let query: SQL = """
            select p.hold_id, p.unit, p.user_slot, p.user_id, p.item_id, coalesce(p.detail, '') as ticket, p.at,
                coalesce(h.deadline, p.at) as deadline
            from ledger p
            left join ledger h on h.sale_id = p.sale_id and h.hold_id = p.hold_id and h.kind = 'held'
            where p.sale_id = \(literal: sale.rawValue) and p.kind = 'purchased'
            """
        try RestoredSale.read(query, session) { row in
            receipts.append(
                RestoreCall.RestoredReceipt(
                    holdID: try row["hold_id"].holdID,
                    unit: try row["unit"].int,
                    slot: try row["user_slot"].int,
                    user: try row["user_id"].userID,
                    itemID: try row["item_id"].int64,
                    ticket: try row["ticket"].text,
                    purchasedAt: try row["at"].timestamp,
                    deadline: try row["deadline"].timestamp
                )
            )
        }
    }

    private mutating func readControls(_ sale: SaleID, _ session: PostgresSession) throws {
        let controls = try session.query(
            """
            select distinct on (1) split_part(detail, E'\\t', 1) as field, split_part(detail, E'\\t', 2) as value
            from ledger where sale_id = \(sale) and kind = 'control'
            order by 1, epoch desc, seq desc
            """
        )
        for row in controls { settings[try row["field"].text] = try row["value"].text }
        let banned = try session.query(
            """
            select user_id, split_part(detail, E'\\t', 1) as reason from (
                select distinct on (user_id) user_id, kind, detail
                from ledger where sale_id = \(sale) and kind in ('ban', 'unban')
                order by user_id, epoch desc, seq desc) as latest
            where kind = 'ban'
            """
        )
        bans = try banned.map { (user: try $0["user_id"].userID, reason: try $0["reason"].text) }
    }
}
