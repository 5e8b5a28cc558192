import FlashSaleKit

/// Collects the status of a sale from both stores. It writes nothing but the scripts' text into Redis' script cache.
struct StatusReader: Sendable {
    let postgres: PostgresConnection

    /// What Redis knows of a sale; nil when it has no keys of it.
    static func snapshot(of sale: SaleID, _ redis: RedisClient) async throws -> SaleSnapshot? {
        for command in SaleScript.loadCommands { _ = try await redis.send(command) }
        return try SnapshotCall.parse(try await redis.send(SnapshotCall.command(keys: SaleKeys(sale))))
    }

    /// - Parameter wanted: the sale, nil for the one that is of interest now.
    func read(_ wanted: SaleID?, redis: RedisClient, countsRecords: Bool) async throws -> StatusReport {
        for command in SaleScript.loadCommands { _ = try await redis.send(command) }
        let finder = SaleFinder(postgres: postgres)
        let sale = if let wanted { try await finder.find(wanted) } else { try await finder.current() }
        let standing = try await SaleStanding.read(sale, redis: redis, postgres: postgres)
        let now =
            if let snapshot = standing.redis { snapshot.at } else { try await SaleStore(postgres: postgres).now() }
        return StatusReport(
            sale: sale,
            now: now,
            snapshot: standing.redis,
            record: countsRecords ? try await SaleRecord.read(sale.id, from: postgres) : nil,
            streams: [
                StatusReport.Stream(name: "ledger", backlog: standing.ledger),
                StatusReport.Stream(name: "attempts", backlog: standing.attempts),
            ]
        )
    }
}
