/// The steps by which a new epoch begins. In this order they shut out everybody of an older epoch: first the drains, by
/// the cursors in Postgres, then the scripts, by the fence in Redis.
struct EpochSteps: Sendable {
    let redis: RedisClient
    let postgres: PostgresConnection

    /// A number that was never an epoch before.
    func takeEpoch() async throws -> Int64 {
        try await postgres.query("select nextval('epochs') as epoch").one()["epoch"].int64
    }

    /// Raises the cursors of these sales; waits for drains that run and makes stopped ones fail.
    func raiseCursors(of sales: [SaleID], to epoch: Int64) async throws {
        let raised = try await postgres.query(
            """
            update journal_cursor set epoch = \(epoch), updated_at = now()
            where sale_id = any(\(sales)) and epoch < \(epoch)
            """
        )
        guard raised.affected == sales.count * JournalStream.allCases.count else {
            throw RecoveryError(
                .superseded,
                "a cursor is missing or beyond epoch \(epoch)",
                nextStep: "start again with a new epoch"
            )
        }
    }

    /// Shuts the sale in Redis.
    func fence(_ sale: SaleID, _ epoch: Int64) async throws -> FenceCall.Fenced {
        let keys = SaleKeys(sale)
        let command = FenceCall.command(keys: keys, epoch: epoch)
        var reply = try await redis.sendRaw(command)
        if case .error(let text) = reply, text.hasPrefix("WRONGTYPE") {
            // Something else is in place of the sale: it is lost, and nothing can be written beside it.
            _ = try await redis.send(RedisCommand("UNLINK", keys.sale))
            reply = try await redis.send(command)
        }
        switch try FenceCall.parse(reply) {
        case .fenced(let fenced, _): return fenced
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
