/// Takes over a Redis that came back with all its data: a new epoch, and a check that nothing is missing.
///
/// It may be killed at any line and run again.
struct Adoption: Sendable {
    let redis: RedisClient
    let postgres: PostgresConnection

    /// Takes these sales over; their new epoch.
    /// - Throws: ``RecoveryError`` `.rebuildNeeded` with the sales whose data is not whole; the others are adopted.
    func adopt(_ sales: [Sale]) async throws -> Int64 {
        let steps = EpochSteps(redis: redis, postgres: postgres)
        let epoch = try await steps.takeEpoch()
        try await steps.raiseCursors(of: sales.map(\.id), to: epoch)
        var damaged: [SaleID] = []
        var reasons: [String] = []
        for sale in sales {
            let fenced = try await steps.fence(sale.id, epoch)
            if let reason = try await adopt(sale.id, fenced, epoch) {
                damaged.append(sale.id)
                reasons.append("sale \(sale.id): \(reason)")
            }
        }
        guard damaged.isEmpty else {
            throw RecoveryError(
                .rebuildNeeded(damaged),
                "Redis lacks data that Postgres has: \(reasons.joined(separator: "; "))",
                nextStep: "nothing is sold until the sale is rebuilt from the ledger"
            )
        }
        return epoch
    }

    /// Nil when the keys were whole and the sale is open again, else why not.
    private func adopt(_ sale: SaleID, _ fenced: FenceCall.Fenced, _ epoch: Int64) async throws -> String? {
        guard let keysEpoch = fenced.keysEpoch else { return "its keys are missing" }
        let keys = SaleKeys(sale)
        guard let snapshot = try SnapshotCall.parse(try await redis.send(SnapshotCall.command(keys: keys))) else {
            return "its keys are missing"
        }
        for stream in JournalStream.allCases {
            let cursor = try await JournalCursor.load(sale, stream, from: postgres)
            let text = stream == .ledger ? snapshot.ledger.lastID : snapshot.attempts.lastID
            guard let last = StreamID(text) else { return "its \(stream.rawValue) is missing" }
            if last < cursor.lastID { return "its \(stream.rawValue) ends at \(last), Postgres has \(cursor.lastID)" }
        }
        let reply = try await redis.send(RestoreCall.adopt(keys: keys, epoch: epoch, keysEpoch: keysEpoch))
        switch try RestoreCall.parse(reply) {
        case .decided(.done, _): return nil
        case .decided(.refused(let why), _): return why
        case .refused(let status, _):
            throw RecoveryError(
                .superseded,
                "Redis answers \(status) while sale \(sale) is adopted",
                nextStep: "another process recovers: start again"
            )
        }
    }
}
