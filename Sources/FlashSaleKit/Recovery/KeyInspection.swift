/// Looks whether the keys of a sale in Redis are whole. Writes nothing.
///
/// The conditions are those of the step `adopt` of the script `restore`, and that Redis is not behind Postgres.
struct KeyInspection: Sendable {
    /// What is to be done about a sale.
    enum Standing: Sendable, Equatable {
        /// Nothing: its keys are whole, and it can be used at its epoch.
        case whole
        /// It must be taken over under a new epoch, and rebuilt if it is not whole.
        case doubtful
    }

    /// The keys as they were found.
    private struct Finding {
        var epoch: Int64?
        var state: SaleState?
        var keysEpoch: Int64?
        /// One sentence about what is missing; nil when the keys are whole.
        var damage: String?
    }

    let redis: RedisClient
    let postgres: PostgresConnection

    /// How the sale stands, whose epoch in Postgres is `epoch`.
    func standing(of sale: SaleID, epoch: Int64) async throws -> Standing {
        let found = try await inspect(sale)
        // Recovering: whoever fenced it has been killed since, or we would not have its lock.
        guard found.epoch == epoch, found.state == .open || found.state == .finished else { return .doubtful }
        return found.damage == nil && found.keysEpoch == epoch ? .whole : .doubtful
    }

    /// The gaps of its journal. A sale with one is as whole as its keys are: Redis has every unit of it, and Postgres
    /// lacks what was trimmed, so that it must go on with what Redis has and must never be rebuilt from the ledger.
    func gaps(of sale: SaleID) async throws -> [JournalGap] {
        try await JournalGap.read(sale, redis: redis, postgres: postgres)
    }

    /// One sentence about what is missing of a sale; nil when its keys are whole.
    func damage(of sale: SaleID) async throws -> String? {
        try await inspect(sale).damage
    }

    private func inspect(_ sale: SaleID) async throws -> Finding {
        // Before the streams: a drain that goes on meanwhile moves the cursors forward only.
        let ledger = try await JournalCursor.load(sale, .ledger, from: postgres)
        let attempts = try await JournalCursor.load(sale, .attempts, from: postgres)
        let step = try await postgres.query(
            "select coalesce(max(last_seq), 0) as step from journal_cursor where sale_id = \(sale)"
        ).one()["step"].int64
        let keys = SaleKeys(sale)
        do {
            let sentinels = try await sentinels(of: keys)
            guard let snapshot = try SnapshotCall.parse(try await redis.send(SnapshotCall.command(keys: keys))) else {
                let loss = try await EndedSale.loss(of: sale, redis, postgres)
                return Finding(damage: loss ?? "its keys are missing")
            }
            let keysEpoch = snapshot.fields["keys_epoch"].flatMap { Int64($0) }
            var damage = KeyInspection.damage(of: snapshot, sentinels, keysEpoch, keys)
            if damage == nil {
                damage = behind(ledger, snapshot.ledger) ?? behind(attempts, snapshot.attempts)
            }
            if damage == nil, snapshot.sequence < step {
                damage = "it is at step \(snapshot.sequence), Postgres has step \(step)"
            }
            let epoch = snapshot.fields["epoch"].flatMap { Int64($0) }
            return Finding(epoch: epoch, state: snapshot.state, keysEpoch: keysEpoch, damage: damage)
        } catch let error as RedisError where error.code == .server("WRONGTYPE") {
            let head = try await redis.sendRaw(RedisCommand("HMGET", keys.sale, "epoch", "state")).elements ?? []
            return Finding(
                epoch: head.first?.integerValue,
                state: head.last?.string.flatMap(SaleState.init(rawValue:)),
                damage: "one of its keys is of another type"
            )
        }
    }

    /// The epoch that every key but the sale and the streams carries, so that a lost key is not taken for an empty one.
    private func sentinels(of keys: SaleKeys) async throws -> [(key: String, epoch: Int64?)] {
        var found: [(key: String, epoch: Int64?)] = []
        for key in [keys.users, keys.bought, keys.banned, keys.holds, keys.receipts] {
            found.append((key, try await redis.send(RedisCommand("HGET", key, "")).integerValue))
        }
        // Not its score: +inf, which only the sentinel has, says where it is.
        let last = try await redis.send(RedisCommand("ZRANGE", keys.deadlines, "-1", "-1")).elements ?? []
        let member = last.first?.string ?? ""
        let prefix = "epoch:"
        found.append((keys.deadlines, member.hasPrefix(prefix) ? Int64(member.dropFirst(prefix.count)) : nil))
        return found
    }

    private static func damage(
        of snapshot: SaleSnapshot,
        _ sentinels: [(key: String, epoch: Int64?)],
        _ keysEpoch: Int64?,
        _ keys: SaleKeys
    ) -> String? {
        let numbers = [
            "stock", "free", "held", "sold", "limit", "hold_ms", "opens_us", "closes_us", "checkout_paused",
            "purchase_paused", "seq", "now_us",
        ]
        guard let keysEpoch else { return "its keys are missing" }
        if let field = numbers.first(where: { snapshot.fields[$0].flatMap { Double($0) } == nil }) {
            return "the field \(field) of \(keys.sale) is missing"
        }
        if let lost = sentinels.first(where: { $0.epoch != keysEpoch }) {
            return "\(lost.key) is missing or of another epoch"
        }
        return snapshot.isConsistent ? nil : "a key disagrees with the counters of the sale"
    }

    private func behind(_ cursor: JournalCursor, _ stream: SaleSnapshot.Stream) -> String? {
        guard let last = StreamID(stream.lastID) else { return "its \(cursor.stream.rawValue) is missing" }
        if last >= cursor.lastID { return nil }
        return "its \(cursor.stream.rawValue) ends at \(last), Postgres has \(cursor.lastID)"
    }
}
