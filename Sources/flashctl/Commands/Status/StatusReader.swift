import FlashSaleKit

/// Collects the status of a sale from both stores. It writes nothing but the scripts' text into Redis' script cache.
struct StatusReader: Sendable {
    let postgres: PostgresConnection

    /// What Redis knows of a sale; nil when it has no keys of it.
    static func snapshot(of sale: SaleID, _ redis: RedisClient) async throws -> SaleSnapshot? {
        for command in SaleScript.loadCommands { _ = try await redis.send(command) }
        return try SnapshotCall.parse(try await redis.send(SnapshotCall.command(keys: SaleKeys(sale))))
    }

    /// The status of a sale.
    func read(_ sale: Sale, redis: RedisClient, countsRecords: Bool) async throws -> StatusReport {
        for command in SaleScript.loadCommands { _ = try await redis.send(command) }
        let standing = try await SaleStanding.read(sale, redis: redis, postgres: postgres)
        let now =
            if let snapshot = standing.redis { snapshot.at } else { try await SaleStore(postgres: postgres).now() }
        var report = StatusReport(
            sale: sale,
            now: now,
            snapshot: standing.redis,
            record: countsRecords ? try await SaleRecord.read(sale.id, from: postgres) : nil,
            streams: [
                StatusReport.Stream(name: "ledger", backlog: standing.ledger),
                StatusReport.Stream(name: "attempts", backlog: standing.attempts),
            ]
        )
        if report.isSelling {
            let reader = AttemptPaceReader(redis: redis)
            report.pace = try await reader.read(sale.id, now: now, opensAt: sale.terms.opensAt)
        }
        return report
    }
}
