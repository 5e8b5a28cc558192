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
    ) async throws -> [UserID] {
        let key = SaleKeys(sale).attempts
        let reply = try await redis.send(RedisCommand("XREVRANGE", key, "+", "-", "COUNT", "\(entries)"))
        var names: [UserID] = []
        for entry in try StreamEntry.parse(reply, from: key) {
            var dead: [DeadLetter] = []
            var batch: [UserID] = []
            AttemptsEntry(entry)?.forEach(dead: &dead) { batch.append($0.userID) }
            names += batch.reversed()
        }
        if names.count < limit {
            let rows = try await postgres.query(
                """
                select user_id from ledger where sale_id = \(sale) and kind = 'held'
                order by epoch desc, seq desc, idx desc limit \(limit)
                """
            )
            names += try rows.map { try $0["user_id"].userID }
        }
        var known: Set<UserID> = []
        return Array(names.filter { known.insert($0).inserted }.prefix(limit))
    }
}
