/// The table `recoveries`: what became of each sale whose Redis was in doubt, and what that may have cost.
struct RecoveryRecords: Sendable {
    let postgres: PostgresConnection

    /// The sale went on with the data that Redis had, whatever its journal lacks.
    func adopted(_ sale: SaleID, _ epoch: Int64, holds: Int, sold: Int, gaps: [JournalGap]) async throws {
        let reason = (["Redis came back with all its data"] + gaps.map(\.sentence)).joined(separator: "; ")
        _ = try await postgres.query(
            """
            insert into recoveries (sale_id, epoch, kind, reason, holds, sold, started_at, completed_at)
            values (\(sale), \(epoch), 'adopted', \(reason), \(holds), \(sold), now(), now())
            """
        )
    }

    /// The sale is being rebuilt from this restored.
    func rebuilding(
        _ sale: SaleID,
        _ epoch: Int64,
        _ reason: String,
        _ restored: RestoredSale,
        startedAt: Timestamp
    ) async throws {
        _ = try await postgres.query(
            """
            insert into recoveries (
                sale_id, epoch, kind, reason, ledger_seq, attempts_seq, holds, sold, started_at)
            values (\(sale), \(epoch), 'rebuilt', \(reason), \(restored.ledgerSequence), \(restored.attemptsSequence),
                \(restored.openHolds), \(restored.receipts.count), \(startedAt))
            """
        )
    }

    /// The rebuilt sale is open.
    func completed(_ sale: SaleID, _ epoch: Int64) async throws {
        _ = try await postgres.query(
            "update recoveries set completed_at = now() where sale_id = \(sale) and epoch = \(epoch)"
        )
    }

    /// No state follows from the records of the sale: it stays shut at this epoch.
    func refused(_ sale: SaleID, _ epoch: Int64, _ why: String, startedAt: Timestamp) async throws {
        _ = try await postgres.query(
            """
            insert into recoveries (sale_id, epoch, kind, reason, holds, sold, started_at)
            values (\(sale), \(epoch), 'refused', \(why), 0, 0, \(startedAt))
            on conflict (sale_id, epoch) do update set kind = 'refused', reason = excluded.reason
            """
        )
    }

    /// The epoch of the last recovery after which the sale went on, whichever Redis it was; 0 without one.
    func latestEpoch(of sale: SaleID) async throws -> Int64 {
        try await postgres.query(
            """
            select coalesce(max(epoch), 0) as epoch from recoveries
            where sale_id = \(sale) and completed_at is not null
            """
        ).one()["epoch"].int64
    }

    /// Whether Postgres has changes of the sale from epochs behind this one.
    func hasLedger(of sale: SaleID, beyond epoch: Int64) async throws -> Bool {
        try await postgres.query(
            "select exists (select 1 from ledger where sale_id = \(sale) and epoch > \(epoch)) as found"
        ).one()["found"].bool
    }

    /// The unfinished sales whose streams can both be drained.
    func salesWithCursors() async throws -> Set<SaleID> {
        let rows = try await postgres.query(
            """
            select s.id from sales s join journal_cursor c on c.sale_id = s.id
            where s.finished_at is null
            group by s.id having count(*) = \(JournalStream.allCases.count)
            """
        )
        return Set(try rows.map { try $0["id"].saleID })
    }

    /// The sales that are shut because of their records, and why.
    func refusals() async throws -> [SaleID: ShutSale] {
        let rows = try await postgres.query(
            """
            select r.sale_id, r.epoch, r.reason
            from recoveries r
            join journal_cursor c on c.sale_id = r.sale_id and c.stream = 'ledger' and c.epoch = r.epoch
            where r.kind = 'refused'
            """
        )
        var refusals: [SaleID: ShutSale] = [:]
        for row in rows {
            refusals[try row["sale_id"].saleID] = ShutSale(
                epoch: try row["epoch"].int64,
                why: try row["reason"].text
            )
        }
        return refusals
    }
}
