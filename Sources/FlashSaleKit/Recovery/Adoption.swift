/// Takes over sales in a Redis that came back, or whose keys are in doubt: a new epoch, and a check that nothing is
/// missing.
///
/// It may be killed at any line and run again.
struct Adoption: Sendable {
    /// What became of the sales.
    struct Outcome: Sendable {
        /// The new epoch of all of them.
        let epoch: Int64
        /// Those whose data is not whole, and why: they are shut until they are rebuilt. The others are open.
        var damaged: [SaleID: String] = [:]
    }

    let redis: RedisClient
    let postgres: PostgresConnection

    /// Takes these sales over.
    func adopt(_ sales: [SaleID]) async throws -> Outcome {
        let steps = EpochSteps(redis: redis, postgres: postgres)
        var outcome = Outcome(epoch: try await steps.takeEpoch())
        try await steps.raiseCursors(of: sales, to: outcome.epoch)
        for sale in sales {
            do {
                let fenced = try await steps.fence(sale, outcome.epoch)
                outcome.damaged[sale] = try await adopt(sale, fenced, outcome.epoch)
            } catch let error as RedisError where error.code == .server("WRONGTYPE") {
                outcome.damaged[sale] = "one of its keys is of another type"
            }
        }
        return outcome
    }

    /// Nil when the keys were whole and the sale is open again, else why not.
    private func adopt(_ sale: SaleID, _ fenced: FenceCall.Fenced, _ epoch: Int64) async throws -> String? {
        guard let keysEpoch = fenced.keysEpoch else { return "its keys are missing" }
        if let damage = try await KeyInspection(redis: redis, postgres: postgres).damage(of: sale) { return damage }
        let reply = try await redis.send(
            RestoreCall.adopt(keys: SaleKeys(sale), epoch: epoch, keysEpoch: keysEpoch)
        )
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
