/// Ends a sale: expire, drain, compare, build the index, write the summary, commit. Its keys stay: until every server
/// has read that it is over, a script that finds them says so, and one that does not would call Redis damaged.
///
/// It may be killed at any line and run again.
struct SaleFinisher: Sendable {
    /// How far it came.
    enum Outcome: Sendable, Equatable {
        case finished
        /// Not yet: somebody still holds a unit, or another process drains.
        case waiting(String)
        /// Redis and Postgres do not agree. Nothing is deleted or repaired: somebody has to look.
        case mismatch([String])
    }

    let redis: RedisClient
    let postgres: PostgresConnection
    /// Who ends it, for the ledger.
    let who: String

    /// Ends a sale that is open in Redis and past its closing time.
    func finish(_ sale: Sale, epoch: Int64) async throws -> Outcome {
        if let reason = try await close(sale.id, epoch) { return .waiting(reason) }
        Failpoint.reach("rotation.closing")
        if let reason = try await drainAll(sale.id, epoch) { return .waiting(reason) }
        Failpoint.reach("rotation.drained")
        let command = SnapshotCall.command(keys: SaleKeys(sale.id))
        guard let snapshot = try SnapshotCall.parse(try await redis.send(command)) else {
            throw RecoveryError(
                .superseded,
                "the keys of sale \(sale.id) have disappeared since Redis was validated",
                nextStep: "validate Redis again: the sale is rebuilt then"
            )
        }
        var record = try await SaleRecord.read(sale.id, from: postgres)
        try await record.readLosses(of: sale.id, from: postgres)
        let problems = record.disagreements(with: snapshot)
        guard problems.isEmpty else { return .mismatch(problems) }
        let partition = AttemptsBatch.partition(of: sale.id)
        _ = try await postgres.query(
            """
            create index if not exists \(identifier: partition + "_user") on \(identifier: partition) (user_id)
            """,
            timeout: .seconds(300)
        )
        try await commit(sale.id, record)
        Failpoint.reach("rotation.finished")
        return .finished
    }

    /// Marks a sale that was never open in Redis as over: it sold nothing.
    func finishUnopened(_ sale: Sale) async throws -> Bool {
        let marked = try await postgres.query(
            """
            update sales set finished_at = now(), summary = '{"opened": false}'
            where id = \(sale.id) and opened_in_redis_at is null and finished_at is null and closes_at <= now()
            """
        )
        return marked.affected == 1
    }

    /// Returns lapsed holds and shuts the sale for good; why not yet, when units are still held.
    private func close(_ id: SaleID, _ epoch: Int64) async throws -> String? {
        let keys = SaleKeys(id)
        var more = true
        while more {
            let confirmed = try await SaleStore(postgres: postgres).now()
            let reply = try await redis.send(ExpireCall.command(keys: keys, epoch: epoch, confirmed: confirmed))
            switch try ExpireCall.parse(reply) {
            case .decided(let decision, _): more = decision.more
            // Somebody has finished it in Redis before, and was killed.
            case .refused(.closed, _): return nil
            case .refused(let status, _): throw SaleFinisher.refused(id, "expire holds", status)
            }
        }
        guard let request = ControlCall.Request(.finish, who: who, why: "the sale is over") else {
            throw ScheduleError(.refused, "the name '\(who)' has control characters")
        }
        let confirmed = try await SaleStore(postgres: postgres).now()
        let reply = try await redis.send(
            ControlCall.command(keys: keys, epoch: epoch, confirmed: confirmed, request: request)
        )
        switch try ControlCall.parse(reply) {
        case .decided(.refused, _): return "units are still held"
        case .decided, .refused(.closed, _): return nil
        case .refused(let status, _): throw SaleFinisher.refused(id, "finish", status)
        }
    }

    private static func refused(_ id: SaleID, _ step: String, _ status: ScriptStatus) -> RecoveryError {
        RecoveryError(
            .superseded,
            "Redis answers \(status) to '\(step)' for sale \(id)",
            nextStep: "validate the Redis connection again"
        )
    }

    /// Drains both streams to their ends; why not yet, when another process is at it.
    func drainAll(_ id: SaleID, _ epoch: Int64) async throws -> String? {
        let ledger = LedgerDrain(redis: redis, postgres: postgres)
        let attempts = AttemptsDrain(redis: redis, postgres: postgres, careful: true)
        for drain in [ledger.drainOnce, attempts.drainOnce] {
            var patience = 50
            while true {
                let result = try await drain(id, epoch)
                if result.busy {
                    patience -= 1
                    if patience == 0 { return "another process drains it" }
                    try await Task.sleep(for: .milliseconds(20))
                } else if result.entries == 0 {
                    break
                }
            }
        }
        return nil
    }

    private func commit(_ id: SaleID, _ record: SaleRecord) async throws {
        _ = try await postgres.query(
            """
            update sales set finished_at = now(), summary = jsonb_build_object(
                'opened', true, 'attempts', \(record.attempts), 'held', \(record.outcomes[.held] ?? 0),
                'sold_out', \(record.outcomes[.soldOut] ?? 0), 'user_limit', \(record.outcomes[.userLimit] ?? 0),
                'banned', \(record.outcomes[.banned] ?? 0), 'purchases', \(record.purchases),
                'expired', \(record.expired), 'released', \(record.released))
            where id = \(id) and finished_at is null
            """
        )
    }
}
