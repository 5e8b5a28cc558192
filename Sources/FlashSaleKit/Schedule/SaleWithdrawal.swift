/// Replaces a seeded sale of which nothing was held, sold or even asked for by one of other terms with the same start.
///
/// Terms are immutable and records are kept: the old sale is closed in Redis and marked as finished and withdrawn, and
/// the new one takes its start, both in one transaction. It may be killed at any line and run again.
public struct SaleWithdrawal: Sendable {
    private let redis: RedisClient
    private let postgres: PostgresConnection
    private let who: String
    private let patience: Duration

    /// A withdrawal on a validated Redis connection. The Postgres connection holds a lock meanwhile: let no other task
    /// open or recover on the same one.
    ///
    /// - Parameter who: who wants it, for the records.
    public init(redis: RedisClient, postgres: PostgresConnection, who: String, patience: Duration = .seconds(10)) {
        self.redis = redis
        self.postgres = postgres
        self.who = who
        self.patience = patience
    }

    /// Why the sale cannot be replaced; nil when it can. Writes nothing.
    public func obstacle(to sale: Sale) async throws -> String? {
        try await look(sale).obstacle
    }

    /// Withdraws the sale and creates the other one, which still has to be opened in Redis.
    /// - Throws: ``ScheduleError`` with `.refused` when there is an obstacle.
    public func replace(_ sale: Sale, with terms: SaleTerms) async throws -> SeedResult {
        let result = try await AdvisoryLock.recovery.whileHeld(on: postgres, patience: patience) {
            guard let known = try await SaleStore(postgres: postgres).existing(like: terms), known.sale.id == sale.id,
                case .differs(let current, _) = known
            else {
                // Somebody was faster.
                return try await SaleStore(postgres: postgres).seed(terms)
            }
            return .created(try await withdraw(current, for: terms))
        }
        guard let result else {
            throw ScheduleError(
                .locked,
                "sale \(sale.id) cannot be replaced: another process opens or recovers sales",
                nextStep: "try again"
            )
        }
        return result
    }

    private func withdraw(_ sale: Sale, for terms: SaleTerms) async throws -> Sale {
        let (obstacle, step) = try await look(sale)
        if let obstacle { throw refusal(sale, obstacle) }
        if let epoch = sale.epoch { try await close(sale, epoch, step) }
        Failpoint.reach("seed.drained")
        let new = try await commit(sale, terms)
        Failpoint.reach("seed.withdrawn")
        return new
    }

    /// What stands in the way, and the step of the sale at which that was seen.
    private func look(_ sale: Sale) async throws -> (obstacle: String?, step: Int64) {
        if sale.finishedAt != nil { return ("it is over", 0) }
        var step: Int64 = 0
        // Before the records: what is drained in between is seen there, and what comes later takes another step.
        if sale.epoch != nil {
            guard let found = try await SaleController(redis: redis).snapshot(of: sale.id), found.state != .recovering
            else { return ("Redis has lost it, or it is being recovered", 0) }
            let units = found.held + found.sold
            if units > 0 { return ("\(found.held) units are held and \(found.sold) sold", 0) }
            if found.attempts.entries > 0 { return ("buyers have tried to get a unit", 0) }
            step = found.sequence
        }
        return (try await recordedObstacle(sale.id), step)
    }

    private func recordedObstacle(_ id: SaleID) async throws -> String? {
        let row = try await postgres.query(
            """
            select exists (select 1 from \(identifier: AttemptsBatch.partition(of: id))) as tried,
                exists (select 1 from ledger where sale_id = \(id) and hold_id is not null) as held,
                exists (select 1 from purchases where sale_id = \(id)) as sold,
                exists (select 1 from dead_letter where sale_id = \(id)) as dead
            """
        ).one()
        if try row["sold"].bool { return "purchases are on record" }
        if try row["held"].bool { return "holds are on record" }
        if try row["tried"].bool { return "attempts are on record" }
        return try row["dead"].bool ? "some of its journal could not be recorded" : nil
    }

    /// Closes the sale in Redis, unless a buyer comes first, and brings its ledger to its end.
    private func close(_ sale: Sale, _ epoch: Int64, _ step: Int64) async throws {
        let why = "another sale takes its start"
        guard let request = ControlCall.Request(.withdraw(sequence: step), who: who, why: why) else {
            throw ScheduleError(.refused, "the name '\(who)' has control characters")
        }
        let confirmed = try await SaleStore(postgres: postgres).now()
        let controller = SaleController(redis: redis)
        let change = try await controller.apply(request, to: sale.id, epoch: epoch, confirmed: confirmed)
        guard change.outcome != .refused else { throw refusal(sale, "it was used at this very moment") }
        Failpoint.reach("seed.withdrawing")
        let finisher = SaleFinisher(redis: redis, postgres: postgres, who: who)
        if let reason = try await finisher.drainAll(sale.id, epoch) {
            throw ScheduleError(.locked, "sale \(sale.id) is not drained yet: \(reason)", nextStep: "run it again")
        }
    }

    private func commit(_ sale: Sale, _ terms: SaleTerms) async throws -> Sale {
        let figures =
            sale.epoch == nil
            ? #"{"opened": false, "withdrawn": true}"#
            : """
            {"opened": true, "withdrawn": true, "attempts": 0, "held": 0, "sold_out": 0, "user_limit": 0, \
            "banned": 0, "purchases": 0, "expired": 0, "released": 0}
            """
        if let obstacle = try await recordedObstacle(sale.id) { throw refusal(sale, obstacle) }
        return try await postgres.transaction { session in
            let marked = try session.query(
                """
                update sales set finished_at = now(), withdrawn_at = now(), summary = \(figures)::jsonb
                where id = \(sale.id) and finished_at is null
                    and (opened_in_redis_at is not null) = \(sale.epoch != nil)
                """
            )
            guard marked.affected == 1, let new = try SaleStore.insert(terms, in: session) else {
                throw ScheduleError(.locked, "sale \(sale.id) was changed by somebody else", nextStep: "run it again")
            }
            try session.query(
                """
                insert into control_log (sale_id, actor, action, reason, value)
                values (\(sale.id), \(who), 'withdraw', \("sale \(new.id) takes its start"), \(new.id.description))
                """
            )
            return new
        }
    }

    private func refusal(_ sale: Sale, _ obstacle: String) -> ScheduleError {
        ScheduleError(
            .refused,
            "sale \(sale.id) cannot be replaced: \(obstacle)",
            nextStep: "pause it with `flashctl pause --sale \(sale.id)`, and seed one with another start"
        )
    }
}
