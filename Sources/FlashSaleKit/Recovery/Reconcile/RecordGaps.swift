/// What the records of Postgres lack of each other, with everything that is needed to write it.
struct RecordGaps: Sendable {
    /// A purchase as one of the tables has it.
    struct Purchase: Sendable, Equatable {
        var holdID: HoldID
        var user: UserID
        var item: Int64
        var unit: Int64
        var slot: Int64
        var ticket: String
        var at: Timestamp
        /// Why its row cannot simply be written; nil when it can.
        var obstacle: String?
    }

    /// Rows of `purchases` without one in the ledger.
    var notInLedger: [Purchase] = []
    /// Purchases of the ledger without a row in `purchases`.
    var notInPurchases: [Purchase] = []
    /// Item and time by step, of the rows `held` and the attempts that lack each other.
    var details: [JournalTail.Step: (item: Int64, at: Timestamp)] = [:]
    /// Ends of holds that never began: who, what and when.
    var ends: [HoldID: (user: UserID, item: Int64)] = [:]
    /// Of the steps that get rows back, those that have rows still.
    var recordedSteps: [JournalStream: Set<Int64>] = [:]
    /// Steps and indexes that an attempt has.
    var taken: Set<JournalTail.Step> = []

    private static let gotHold: SQL = " and t.outcome = 'H'"
    private static let isBeginning: SQL = " and t.kind = 'held'"

    static func read(_ evidence: Evidence, from postgres: PostgresConnection) async throws -> RecordGaps {
        let options = TransactionOptions(readOnly: true, statementTimeout: PostgresRecount.statementTimeout)
        return try await postgres.transaction(options) { session in
            var gaps = RecordGaps()
            try gaps.readPurchases(evidence.saleID, session)
            try gaps.readEnds(evidence.saleID, session)
            try gaps.readDetails(evidence, session)
            try gaps.readSteps(evidence, session)
            return gaps
        }
    }

    private mutating func readPurchases(_ sale: SaleID, _ session: PostgresSession) throws {
        notInLedger = try session.query(
            """
            select p.hold_id, p.user_id, p.item_id, p.unit::bigint as unit, p.user_slot::bigint as slot, p.ticket,
                p.purchased_at as at, case
                    when exists (select 1 from ledger l where l.sale_id = p.sale_id and l.hold_id = p.hold_id
                        and l.kind in ('expired', 'released')) then 'the ledger says that its hold ended unpaid'
                    when exists (select 1 from ledger l where l.sale_id = p.sale_id and l.kind = 'purchased'
                        and (l.unit = p.unit or (l.user_id, l.user_slot) = (p.user_id, p.user_slot)))
                        then 'the ledger has its unit or its number for another hold' end as obstacle
            from purchases p where p.sale_id = \(sale) and not exists (select 1 from ledger l
                where l.sale_id = p.sale_id and l.hold_id = p.hold_id and l.kind = 'purchased')
            order by p.unit
            """
        ).map(RecordGaps.purchase)
        notInPurchases = try session.query(
            """
            select l.hold_id, l.user_id, l.item_id, l.unit::bigint as unit, l.user_slot::bigint as slot,
                coalesce(l.detail, '') as ticket, l.at, case
                    when exists (select 1 from purchases p where p.hold_id = l.hold_id)
                        then 'purchases has its hold in another sale'
                    when exists (select 1 from purchases p where p.sale_id = l.sale_id
                        and (p.unit = l.unit or (p.user_id, p.user_slot) = (l.user_id, l.user_slot)))
                        then 'purchases has its unit or its number for another hold'
                    when l.unit > s.stock or l.user_slot > s.user_limit
                        then 'it is beyond the stock or the limit' end as obstacle
            from ledger l join sales s on s.id = l.sale_id
            where l.sale_id = \(sale) and l.kind = 'purchased' and not exists (select 1 from purchases p
                where p.sale_id = l.sale_id and p.hold_id = l.hold_id)
            order by l.unit
            """
        ).map(RecordGaps.purchase)
    }

    private static func purchase(_ row: PostgresRow) throws -> Purchase {
        Purchase(
            holdID: try row["hold_id"].holdID,
            user: try row["user_id"].userID,
            item: try row["item_id"].int64,
            unit: try row["unit"].int64,
            slot: try row["slot"].int64,
            ticket: try row["ticket"].text,
            at: try row["at"].timestamp,
            obstacle: try row["obstacle"].optional?.text
        )
    }

    private mutating func readEnds(_ sale: SaleID, _ session: PostgresSession) throws {
        for row in try session.query(
            """
            select e.hold_id, e.user_id, e.item_id from ledger e where e.sale_id = \(sale)
                and e.kind in ('purchased', 'expired', 'released') and not exists (select 1 from ledger h
                    where h.sale_id = e.sale_id and h.hold_id = e.hold_id and h.kind = 'held')
            """
        ) { ends[try row["hold_id"].holdID] = (try row["user_id"].userID, try row["item_id"].int64) }
    }

    private mutating func readDetails(_ evidence: Evidence, _ session: PostgresSession) throws {
        let (holds, attempts) = (evidence.recount.loose.holds, evidence.recount.loose.attempts)
        let partition = AttemptsBatch.partition(of: evidence.saleID)
        for (rows, table, isAttempts) in [(holds, "ledger", false), (attempts, partition, true)] {
            if rows.isEmpty { continue }
            for row in try session.query(
                """
                select t.epoch, t.seq, t.idx, t.item_id, t.at from \(identifier: table) t
                join unnest(\(rows.map(\.epoch)), \(rows.map(\.seq)), \(rows.map(\.index))) as r(epoch, seq, idx)
                    using (epoch, seq, idx)
                where t.sale_id = \(evidence.saleID)\(isAttempts ? RecordGaps.gotHold : RecordGaps.isBeginning)
                """
            ) {
                details[try RecordGaps.step(row)] = (try row["item_id"].int64, try row["at"].timestamp)
            }
        }
        if holds.isEmpty { return }
        for row in try session.query(
            """
            select t.epoch, t.seq, t.idx from \(identifier: partition) t
            join unnest(\(holds.map(\.epoch)), \(holds.map(\.seq)), \(holds.map(\.index))) as r(epoch, seq, idx)
                using (epoch, seq, idx)
            """
        ) { taken.insert(try RecordGaps.step(row)) }
    }

    private mutating func readSteps(_ evidence: Evidence, _ session: PostgresSession) throws {
        let loose = evidence.recount.loose.holds + evidence.recount.loose.attempts
        let seqs = Set(evidence.faults.map(\.step.seq) + loose.map(\.seq)).sorted()
        if seqs.isEmpty { return }
        for (stream, table) in [
            (JournalStream.ledger, "ledger"), (.attempts, AttemptsBatch.partition(of: evidence.saleID)),
        ] {
            let rows = try session.query(
                """
                select distinct seq from \(identifier: table)
                where sale_id = \(evidence.saleID) and seq = any(\(seqs))
                """
            )
            recordedSteps[stream] = Set(try rows.map { try $0["seq"].int64 })
        }
    }

    private static func step(_ row: PostgresRow) throws -> JournalTail.Step {
        JournalTail.Step(epoch: try row["epoch"].int64, seq: try row["seq"].int64, index: try row["idx"].int64)
    }
}
