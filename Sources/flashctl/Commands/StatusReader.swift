import FlashSaleKit

/// Collects the status of a sale from both stores. It writes nothing but the scripts' text into Redis' script cache.
struct StatusReader: Sendable {
    let redis: RedisClient
    let postgres: PostgresConnection

    /// - Parameter wanted: the sale, nil for the one that is of interest now.
    func read(_ wanted: SaleID?, countsRecords: Bool) async throws -> StatusReport {
        for command in SaleScript.loadCommands { _ = try await redis.send(command) }
        let sale = try await find(wanted)
        let reply = try await redis.send(SnapshotCall.command(keys: SaleKeys(sale.id)))
        let snapshot = try SnapshotCall.parse(reply)
        let now = if let snapshot { snapshot.at } else { try await SaleStore(postgres: postgres).now() }
        return StatusReport(
            sale: sale,
            now: now,
            snapshot: snapshot,
            record: countsRecords ? try await SaleRecord.read(sale.id, from: postgres) : nil,
            streams: try await streams(of: sale.id, now: now)
        )
    }

    private func find(_ wanted: SaleID?) async throws -> Sale {
        let store = SaleStore(postgres: postgres)
        if let wanted {
            if let sale = try await store.find(wanted) { return sale }
            throw CommandFailure(
                .failure,
                "there is no sale \(wanted)",
                nextStep: "leave out --sale for the current one"
            )
        }
        let now = try await store.now()
        let unfinished = SaleSchedule(sales: try await store.unfinished())
        if let sale = unfinished.current(at: now) ?? unfinished.next(after: now) { return sale }
        if let sale = try await store.all(limit: 1).first { return sale }
        throw CommandFailure(
            .failure,
            "there is no sale",
            nextStep: "`flashctl rotate-hour` makes the hourly ones, `flashctl seed-sale` one of your own"
        )
    }

    /// The oldest entry behind the cursor of each stream tells how far Postgres is behind.
    private func streams(of id: SaleID, now: Timestamp) async throws -> [StatusReport.Stream] {
        let rows = try await postgres.query(
            """
            select stream, last_id, drained_entries, drained_rows from journal_cursor
            where sale_id = \(id) order by stream
            """
        )
        let keys = SaleKeys(id)
        var streams: [StatusReport.Stream] = []
        for row in rows {
            let name = try row["stream"].text
            let key = name == "ledger" ? keys.ledger : keys.attempts
            let range = RedisCommand("XRANGE", key, "(" + (try row["last_id"].text), "+", "COUNT", "1")
            let oldest = try await redis.send(range).elements?.first?.elements?.first?.string.flatMap { StreamID($0) }
            streams.append(
                StatusReport.Stream(
                    name: name,
                    entries: try row["drained_entries"].int64,
                    rows: try row["drained_rows"].int64,
                    behindMilliseconds: oldest.map { max(0, now.microseconds / 1000 - Int64($0.milliseconds)) }
                )
            )
        }
        return streams
    }
}
