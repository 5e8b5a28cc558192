import FlashSaleKit

/// Collects the status of a sale from both stores. It writes nothing but the scripts' text into Redis' script cache.
struct StatusReader: Sendable {
    let redis: RedisClient
    let postgres: PostgresConnection

    /// - Parameter wanted: the sale, nil for the one that is of interest now.
    func read(_ wanted: SaleID?, countsRecords: Bool) async throws -> StatusReport {
        for command in SaleScript.loadCommands { _ = try await redis.send(command) }
        let sale = try await find(wanted)
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
}
