/// The table `control_log`: what operators have changed, who, when and why. Rows of sales come with the ledger.
public struct ControlLog: Sendable {
    /// A row.
    public struct Entry: Sendable, Equatable {
        /// When Redis decided it.
        public let at: Timestamp
        /// Who wanted it.
        public let actor: String
        /// What was done, by the names of ``ControlCall/Operation/name``.
        public let action: String
        /// Why.
        public let reason: String
        /// The user or the limit it is about.
        public let value: String?
    }

    private let postgres: PostgresConnection

    /// The log in this database.
    public init(postgres: PostgresConnection) {
        self.postgres = postgres
    }

    /// All changes of a sale, in the order in which they were recorded.
    public func entries(of sale: SaleID, limit: Int = 1000) async throws -> [Entry] {
        try await rows("where sale_id = \(sale) order by id limit \(limit)")
    }

    /// Whether a change is in the log.
    public func has(_ change: SaleController.Change) async throws -> Bool {
        try await !rows(
            """
            where sale_id = \(change.sale) and epoch = \(change.epoch) and at = \(change.at)
                and action = \(change.operation.name) limit 1
            """
        ).isEmpty
    }

    /// The change that made a sale what it is now in this respect; nil when it is not recorded.
    public func latest(_ operation: ControlCall.Operation, of sale: SaleID) async throws -> Entry? {
        let value = operation.value ?? ""
        return try await rows(
            """
            where sale_id = \(sale) and action = \(operation.name) and coalesce(value, '') = \(value)
            order by id desc limit 1
            """
        ).first
    }

    /// Sees to it that these changes are recorded: waits for the servers' drain, and drains when none does.
    ///
    /// - Parameter patience: how long at most.
    /// - Returns: whether all of them are recorded; else they are in the journal and come later by themselves.
    public func settle(
        _ changes: [SaleController.Change],
        redis: RedisClient,
        patience: Duration = .seconds(3)
    ) async throws -> Bool {
        let start = ContinuousClock.now
        let drain = LedgerDrain(redis: redis, postgres: postgres)
        for change in changes {
            while try await !has(change) {
                let waited = ContinuousClock.now - start
                guard waited < patience else { return false }
                // A server drains every 50 ms; without one nobody else does.
                if waited > .milliseconds(200) {
                    _ = try await drain.drainOnce(sale: change.sale, epoch: change.epoch)
                }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        return true
    }

    private func rows(_ condition: SQL) async throws -> [Entry] {
        try await postgres.query("select at, actor, action, reason, value from control_log \(condition)").map { row in
            Entry(
                at: try row["at"].timestamp,
                actor: try row["actor"].text,
                action: try row["action"].text,
                reason: try row["reason"].text,
                value: try row["value"].optional?.text
            )
        }
    }
}
