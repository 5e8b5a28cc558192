/// Users who were active a moment ago, for people who would have to type their names.
public enum RecentUsers {
    /// Entries of the journal that are looked at; each may hold hundreds of attempts.
    private static let entries = 3

    /// At most `limit` users of a sale, the latest first: of its last attempts in Redis, then of its last holds in
    /// Postgres.
    public static func read(
        _ sale: SaleID,
        redis: RedisClient,
        postgres: PostgresConnection,
        limit: Int
    ) async throws -> [String] {
        let key = SaleKeys(sale).attempts
        let reply = try await redis.send(RedisCommand("XREVRANGE", key, "+", "-", "COUNT", "\(entries)"))
        var names: [String] = []
        for entry in try StreamEntry.parse(reply, from: key) {
            var dead: [DeadLetter] = []
            var batch: [String] = []
            AttemptsEntry(entry)?.forEach(dead: &dead) { batch.append(String(decoding: $0.user, as: UTF8.self)) }
            names += batch.reversed()
        }
        if names.count < limit {
            let rows = try await postgres.query(
                """
                select user_id from ledger where sale_id = \(sale) and kind = 'held'
                order by epoch desc, seq desc, idx desc limit \(limit)
                """
            )
            names += try rows.map { try $0["user_id"].text }
        }
        var known: Set<String> = []
        return Array(names.filter { known.insert($0).inserted }.prefix(limit))
    }
}
