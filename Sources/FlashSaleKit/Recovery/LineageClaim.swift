/// Makes the field `lineage` of a sale in Redis follow the Postgres that the sale is sold with. Nothing irreversible is
/// done to a sale under another lineage than the one written there, so an old primary that is still reachable can
/// neither trim its journal nor begin its keys or remove them.
struct LineageClaim: Sendable {
    let redis: RedisClient
    let postgres: PostgresConnection

    /// Replaces the lineage of a sale at this epoch, if it is still the expected one.
    private static let script = """
        #!lua flags=allow-oom
        local v = redis.call('HMGET', KEYS[1], 'epoch', 'lineage', 'format')
        if v[3] and (tonumber(v[3]) or math.huge) > \(StoreFormat.known) then return 'V' .. v[3] end
        if v[1] ~= ARGV[1] or (v[2] or '') ~= ARGV[2] then return 0 end
        redis.call('HSET', KEYS[1], 'lineage', ARGV[3])
        return 1
        """

    /// Writes this lineage into a sale that is open at this epoch. A successor of what is there needs no new epoch:
    /// what Redis has decided stays as it is, and Postgres gets again what it lacks.
    ///
    /// - Throws: ``RecoveryError`` with `.otherPostgres`; with `.superseded` when the sale has changed meanwhile.
    func claim(_ sale: SaleID, epoch: Int64, for lineage: Lineage) async throws {
        let found = try await expected(of: sale, for: lineage)
        if found == lineage.description { return }
        let reply = try await redis.send(
            RedisCommand(
                "EVAL",
                LineageClaim.script,
                "1",
                SaleKeys(sale).sale,
                String(epoch),
                found,
                lineage.description
            )
        )
        if let format = reply.string?.dropFirst() {
            throw JournalError(newerFormat: String(format), of: "sale \(sale)")
        }
        guard reply.integerValue == 1 else {
            throw RecoveryError(
                .superseded,
                "sale \(sale) was taken over by somebody else while Postgres changed",
                nextStep: "validate the Redis connections again"
            )
        }
    }

    /// What is written there now, empty for nothing, if this lineage may follow it: it is the same, one that this
    /// database has come through, or of an earlier timeline of the same system, whose row may have been lost with the
    /// end of that timeline.
    func expected(of sale: SaleID, for lineage: Lineage) async throws -> String {
        let text = try await present(of: sale)
        if try await follows(text, lineage) { return text }
        throw RecoveryError(
            .otherPostgres,
            "sale \(sale) goes on with another Postgres (system/timeline/id \(text)); the one at "
                + "\(postgres.endpoint.location) is \(lineage) and has not come through that",
            nextStep: "point POSTGRES_URL at the Postgres that was promoted last; if it is gone for good, "
                + "`flashctl doctor --accept-postgres --reason WHY` goes on with this one"
        )
    }

    /// Whether this lineage may follow the one in the hash of a sale.
    func follows(_ text: String, _ lineage: Lineage) async throws -> Bool {
        if text.isEmpty || text == lineage.description { return true }
        guard let other = Lineage(text) else { return false }
        if other.system == lineage.system, other.timeline < lineage.timeline { return true }
        return try await LineageStore(postgres: postgres).knows(other)
    }

    /// The field of the hash, empty for none.
    func present(of sale: SaleID) async throws -> String {
        do {
            return try await redis.send(RedisCommand("HGET", SaleKeys(sale).sale, "lineage")).string ?? ""
        } catch let error as RedisError where error.code == .server("WRONGTYPE") {
            // Something else is in place of the sale: the fence removes it.
            return ""
        }
    }
}
