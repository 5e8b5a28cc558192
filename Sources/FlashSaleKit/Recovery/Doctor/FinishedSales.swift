/// What Redis keeps of sales that are over, and ends that this Postgres has lost.
struct FinishedSales: Sendable, Equatable {
    /// A finished sale whose keys are there.
    struct Kept: Sendable, Equatable {
        var sale: SaleID
        var finishedAt: Timestamp
        /// Bytes of Redis.
        var bytes: Int
        /// Why its keys are there.
        var reason: String
        /// Whether somebody has to see to it: it is not only that every sale stays for some minutes.
        var isHeldUp: Bool
    }

    var kept: [Kept]
    /// One sentence about each sale that is unfinished here though its end was booked.
    var reopened: [String]

    /// Reads both stores. Costs a command for each key of the sales that are kept.
    static func read(
        _ retention: KeyRetention,
        redis: RedisClient,
        postgres: PostgresConnection
    ) async throws -> FinishedSales {
        var found = FinishedSales(kept: [], reopened: [])
        let keys = FinishedKeys(redis: redis, postgres: postgres, retention: retention)
        for sale in try await keys.kept() {
            let bytes = try await memory(of: sale.saleID, redis)
            if bytes == 0 { continue }
            let refusal = sale.wasOpened ? try await keys.call(.check, sale) : nil
            let reason = sale.reason(retention)
            found.kept.append(
                Kept(
                    sale: sale.saleID,
                    finishedAt: sale.finishedAt,
                    bytes: bytes,
                    reason: refusal ?? reason ?? "the next rotation removes them",
                    isHeldUp: refusal != nil || (sale.age >= retention.least && reason != nil)
                )
            )
        }
        for sale in try await SaleStore(postgres: postgres).unfinished() {
            guard let ended = try await EndedSale.read(sale.id, from: redis) else { continue }
            let loss = try await EndedSale.loss(of: sale.id, redis, postgres)
            found.reopened.append("sale \(sale.id): \(loss ?? ended.reopening)")
        }
        return found
    }

    private static func memory(of sale: SaleID, _ redis: RedisClient) async throws -> Int {
        var bytes = 0
        for key in SaleKeys(sale).all {
            bytes += Int(try await redis.send(RedisCommand("MEMORY", "USAGE", key)).integerValue ?? 0)
        }
        return bytes
    }

    var check: DeepCheck {
        if !reopened.isEmpty {
            return .critical(
                .finishedSales,
                "Finished before, and unfinished in this Postgres: \(reopened.joined(separator: "; ")).",
                fix: "Find out whether an older Postgres was promoted or restored; `flashctl rotate-hour` finishes the"
                    + " sales whose keys are there, and `flashctl verify --sale all` counts them."
            )
        }
        guard let oldest = kept.min(by: { $0.finishedAt < $1.finishedAt }) else {
            return .ok(.finishedSales, "Redis keeps no keys of finished sales.")
        }
        let sales = kept.count == 1 ? "1 finished sale" : "\(kept.count) finished sales"
        let bytes = ByteText.text(kept.reduce(0) { $0 + $1.bytes })
        let sentence = "The keys of \(sales) take \(bytes) of Redis, the oldest since \(oldest.finishedAt.rfc3339)"
        guard let held = kept.first(where: \.isHeldUp) else {
            return .ok(.finishedSales, "\(sentence): \(oldest.reason).")
        }
        return .warning(
            .finishedSales,
            "\(sentence). Sale \(held.sale): \(held.reason).",
            fix: "See that each standby streams (pg_stat_replication); one that is gone for good is forgotten with"
                + " `flashctl doctor --forget-standby NAME --reason WHY`."
        )
    }
}
