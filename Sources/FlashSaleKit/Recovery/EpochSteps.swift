/// The steps by which a new epoch begins. In this order they shut out everybody of an older epoch: first the drains, by
/// the cursors in Postgres, then the scripts, by the fence in Redis.
struct EpochSteps: Sendable {
    let redis: RedisClient
    let postgres: PostgresConnection

    /// A number that was never an epoch before: taken under the recorded lineage only, because a promoted standby may
    /// lack the numbers that were taken last.
    func takeEpoch() async throws -> Int64 {
        let lineage = try await LineageStore(postgres: postgres).current()
        let taken = try await postgres.query(
            "select nextval('epochs') as epoch where \(LineageStore.present) = \(lineage.id)::uuid"
        )
        guard let row = taken.first else { throw LineageStore.changed(postgres) }
        return try row["epoch"].int64
    }

    /// Raises the cursors of these sales; waits for drains that run, and ends those that stand still.
    func raiseCursors(of sales: [SaleID], to epoch: Int64) async throws {
        var options = TransactionOptions()
        options.lockTimeout = .seconds(1)
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            do {
                let raised = try await postgres.transaction(options) { session in
                    try session.query(
                        """
                        update journal_cursor set epoch = \(epoch), updated_at = now()
                        where sale_id = any(\(sales)) and epoch < \(epoch)
                        """
                    ).affected
                }
                guard raised == sales.count * JournalStream.allCases.count else {
                    throw RecoveryError(
                        .superseded,
                        "a cursor is missing or beyond epoch \(epoch)",
                        nextStep: "start again with a new epoch"
                    )
                }
                return
            } catch let error as PostgresError where error.sqlState == "55P03" && ContinuousClock.now < deadline {
                try await StoppedSessions.end(on: postgres)
            }
        }
    }

    /// Shuts the sale in Redis, and writes there under which lineage of Postgres it goes on.
    ///
    /// - Throws: ``RecoveryError`` with `.otherPostgres` when another Postgres has taken the sale over.
    func fence(_ sale: SaleID, _ epoch: Int64) async throws -> FenceCall.Fenced {
        let claim = LineageClaim(redis: redis, postgres: postgres)
        let lineage = try await LineageStore(postgres: postgres).current()
        let expected = try await claim.expected(of: sale, for: lineage)
        let command = FenceCall.command(
            keys: SaleKeys(sale),
            epoch: epoch,
            lineage: lineage.description,
            expected: expected
        )
        switch try FenceCall.parse(try await redis.send(command)) {
        case .fenced(let fenced, _): return fenced
        case .otherLineage: throw LineageStore.changed(postgres)
        case .refused(let current, _):
            throw RecoveryError(
                .superseded,
                "sale \(sale) is at epoch \(current) in Redis already, not below \(epoch)",
                nextStep: "start again with a new epoch"
            )
        }
    }

    /// Sends a step of `restore`; an answer other than `done` is an error.
    func restore(_ command: RedisCommand, _ step: String, _ sale: SaleID) async throws {
        switch try RestoreCall.parse(try await redis.send(command)) {
        case .decided(.done, _): return
        case .decided(.refused(let why), _):
            throw ScheduleError(.refused, "Redis refuses the step '\(step)' of sale \(sale): \(why)")
        case .refused(let status, _):
            throw RecoveryError(
                .superseded,
                "Redis answers \(status) to the step '\(step)' of sale \(sale)",
                nextStep: "another process works on it: start again with a new epoch"
            )
        }
    }

    /// Makes the scripts known to Redis.
    func loadScripts() async throws {
        for command in SaleScript.loadCommands { _ = try await redis.send(command) }
    }
}
