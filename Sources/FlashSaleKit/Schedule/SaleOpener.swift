/// Opens a new sale in Redis: the operation that recovery is, with an empty ledger. Nothing else creates the keys of a
/// sale, so an emptied Redis is never handed fresh units.
public struct SaleOpener: Sendable {
    private let redis: RedisClient
    private let postgres: PostgresConnection
    /// How long to wait for somebody else who opens or recovers.
    private let patience: Duration

    /// An opener on a validated Redis connection. The Postgres connection holds a lock meanwhile: let no other task
    /// open or recover on the same one.
    public init(redis: RedisClient, postgres: PostgresConnection, patience: Duration = .seconds(10)) {
        self.redis = redis
        self.postgres = postgres
        self.patience = patience
    }

    /// Opens the sale and returns it with its epoch. A sale that is open already is returned as it is, so it can be
    /// repeated after a crash at any line, and of several servers one does the work.
    public func open(_ sale: Sale) async throws -> Sale {
        let opened = try await AdvisoryLock.recovery.whileHeld(on: postgres, patience: patience) {
            let known = try await SaleStore(postgres: postgres).find(sale.id)
            guard let known else { throw ScheduleError(.unknownSale, "there is no sale \(sale.id)") }
            if known.epoch != nil { return known }
            return try await begin(known)
        }
        guard let opened else {
            throw ScheduleError(
                .locked,
                "sale \(sale.id) cannot be opened: another process opens or recovers sales",
                nextStep: "try again"
            )
        }
        return opened
    }

    private func begin(_ sale: Sale) async throws -> Sale {
        guard sale.finishedAt == nil else { throw ScheduleError(.finished, "sale \(sale.id) is finished") }
        try await requireEmptyHistory(sale.id)
        let steps = EpochSteps(redis: redis, postgres: postgres)
        try await steps.loadScripts()
        let installation = try await Installation.read(postgres)
        let epoch = try await steps.takeEpoch()
        try await steps.raiseCursors(of: [sale.id], to: epoch)
        _ = try await steps.fence(sale.id, epoch)
        let keys = SaleKeys(sale.id)
        let now = try await SaleStore(postgres: postgres).now()
        let state = RestoreCall.Begin(
            terms: sale.terms,
            clockFloor: now,
            installation: installation.id,
            lineage: try await LineageStore(postgres: postgres).current()
        )
        try await steps.restore(RestoreCall.begin(keys: keys, epoch: epoch, state), "begin", sale.id)
        let open = RestoreCall.open(keys: keys, epoch: epoch, kind: .opened, sold: 0, confirmed: now)
        try await steps.restore(open, "open", sale.id)
        // Servers sell and drain only what has this time: until here nobody has used the keys.
        let marked = try await postgres.query(
            """
            update sales set opened_in_redis_at = now()
            where id = \(sale.id) and opened_in_redis_at is null and finished_at is null
                and exists (select 1 from journal_cursor where sale_id = \(sale.id) and epoch = \(epoch))
            """
        )
        guard marked.affected == 1 else {
            throw ScheduleError(.refused, "sale \(sale.id) was finished or recovered while it was being opened")
        }
        var result = sale
        result.epoch = epoch
        return result
    }

    /// A sale that has sold is never begun again: its units are in the ledger.
    private func requireEmptyHistory(_ id: SaleID) async throws {
        let row = try await postgres.query(
            """
            select exists (select 1 from ledger where sale_id = \(id)) or
                exists (select 1 from purchases where sale_id = \(id)) as has_history
            """
        ).one()
        guard try !row["has_history"].bool else {
            throw RecoveryError(
                .rebuildNeeded([id]),
                "sale \(id) has a ledger but was never opened in Redis",
                nextStep: "rebuild it from the ledger instead of opening it"
            )
        }
    }
}
