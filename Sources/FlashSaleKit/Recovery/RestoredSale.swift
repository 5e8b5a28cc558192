/// The state of a sale as Postgres remembers it: its ledger, folded.
///
/// Everything is read in one snapshot. Ten thousand holds take some milliseconds; the rows are kept in memory, about
/// 200 bytes for each open hold and receipt.
struct RestoredSale: Sendable {
    /// The cursors, above which the streams begin again.
    var cursors: [JournalStream: StreamID] = [:]
    /// Open holds, and tombstones of ended ones whose code an `Idempotency-Key` chose.
    var holds: [RestoreCall.RestoredHold] = []
    /// Purchases, by unit.
    var receipts: [RestoreCall.RestoredReceipt] = []
    /// Users that are banned, and why.
    var bans: [(user: String, reason: String)] = []
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

    private mutating func readTotals(_ sale: SaleID, _ session: PostgresSession) throws {
        let partition = AttemptsBatch.partition(of: sale)
        let row = try session.query(
            """
            select coalesce(l.seq, 0) as ledger_seq, coalesce(a.seq, 0) as attempts_seq,
                greatest(clock_timestamp(), l.at, a.at) as clock,
                (select count(*) from purchases p where p.sale_id = \(sale) and not exists (
                    select 1 from ledger b where b.sale_id = p.sale_id and b.hold_id = p.hold_id
                        and b.kind = 'purchased')) as unknown
            from (select max(seq) as seq, max(at) as at from ledger where sale_id = \(sale)) l,
                (select max(seq) as seq, max(at) as at from \(identifier: partition)) a
            """
        ).one()
        ledgerSequence = try row["ledger_seq"].int64
        attemptsSequence = try row["attempts_seq"].int64
        clock = try row["clock"].timestamp
        unknownPurchases = try row["unknown"].int
        for stream in JournalStream.allCases {
            let cursor = try session.query(
                "select last_id from journal_cursor where sale_id = \(sale) and stream = \(stream.rawValue)"
            ).one()
            cursors[stream] = StreamID(try cursor["last_id"].text)
        }
    }

    private mutating func readHolds(_ sale: SaleID, _ session: PostgresSession) throws {
        let rows = try session.query(
            """
            select h.hold_id, h.user_id, h.item_id, h.deadline, h.detail = '1' as keyed, e.kind is null as open
            from ledger h
            left join ledger e on e.sale_id = h.sale_id and e.hold_id = h.hold_id
                and e.kind in ('purchased', 'expired', 'released')
            where h.sale_id = \(sale) and h.kind = 'held'
                and (e.kind is null or (h.detail = '1' and e.kind <> 'purchased'))
            order by h.epoch, h.seq, h.idx
            """
        )
        holds = try rows.map { row in
            RestoreCall.RestoredHold(
                holdID: try row["hold_id"].holdID,
                user: try row["user_id"].text,
                itemID: try row["item_id"].int64,
                deadline: try row["deadline"].timestamp,
                kind: try row["open"].bool ? (try row["keyed"].bool ? .keyed : .drawn) : .tombstone
            )
        }
    }

    private mutating func readReceipts(_ sale: SaleID, _ session: PostgresSession) throws {
        let rows = try session.query(
            """
            select p.hold_id, p.unit, p.user_slot, p.user_id, p.item_id, coalesce(p.detail, '') as ticket, p.at,
                coalesce(h.deadline, p.at) as deadline
            from ledger p
            left join ledger h on h.sale_id = p.sale_id and h.hold_id = p.hold_id and h.kind = 'held'
            where p.sale_id = \(sale) and p.kind = 'purchased'
            order by p.unit
            """
        )
        receipts = try rows.map { row in
            RestoreCall.RestoredReceipt(
                holdID: try row["hold_id"].holdID,
                unit: try row["unit"].int,
                slot: try row["user_slot"].int,
                user: try row["user_id"].text,
                itemID: try row["item_id"].int64,
                ticket: try row["ticket"].text,
                purchasedAt: try row["at"].timestamp,
                deadline: try row["deadline"].timestamp
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
        bans = try banned.map { (user: try $0["user_id"].text, reason: try $0["reason"].text) }
    }
}
