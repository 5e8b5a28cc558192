/// Answers what happened to a user, a hold or a unit, from both stores and the journal between them. It only reads, by
/// keys and indexes: the size of a sale does not matter, and neither does its load.
public struct Inspection: Sendable {
    let redis: RedisClient?
    let postgres: PostgresConnection?
    private var reader: SubjectReader { SubjectReader(redis: redis, postgres: postgres, patience: patience) }
    private let patience: Duration

    /// An inspection over these connections; a store that is away is nil, and the other one tells what it knows.
    ///
    /// - Parameter patience: how long to wait for a recovery to end.
    public init(redis: RedisClient?, postgres: PostgresConnection?, patience: Duration = .seconds(3)) {
        self.redis = redis
        self.postgres = postgres
        self.patience = patience
    }

    /// How a user stands in a sale; nil when there is no such sale.
    ///
    /// - Parameter attempts: how many of the newest attempts are listed.
    public func inspect(user: UserID, in sale: SaleID, attempts: Int = 10) async throws -> UserInspection? {
        let limits = SubjectRecords.Limits(attempts: attempts, countsUnits: false)
        guard let evidence = try await reader.read(.user(user), sale, limits) else { return nil }
        return UserInspection(user, evidence, attempts: attempts)
    }

    /// The timeline of a subject in a sale; nil when there is no such sale, or nobody has bought the unit.
    ///
    /// - Parameter limit: how many of the newest lines are listed, at least 1.
    public func explain(_ subject: Subject, in sale: SaleID, limit: Int = 200) async throws -> Explanation? {
        let limits = SubjectRecords.Limits(attempts: limit, countsUnits: true)
        var meant = subject
        if case .unit(let unit) = subject {
            guard let hold = try await hold(ofUnit: unit, sale) else { return nil }
            meant = .hold(hold)
        }
        guard let evidence = try await reader.read(meant, sale, limits) else { return nil }
        return Explanation(subject, evidence, limit: max(1, limit))
    }

    /// Postgres has it as a rule; the newest ones may be in the journal only.
    private func hold(ofUnit unit: Int64, _ sale: SaleID) async throws -> HoldID? {
        if let postgres, let hold = try await SubjectRecords.hold(ofUnit: unit, sale, from: postgres) { return hold }
        guard let redis else { return nil }
        var journal = SubjectJournal(SubjectJournal.Filter(unit: unit))
        let keys = SaleKeys(sale)
        if let postgres {
            let rows = try await postgres.query(
                "select last_id from journal_cursor where sale_id = \(sale) and stream = 'ledger'"
            )
            let start = try rows.first.flatMap { StreamID(try $0["last_id"].text) } ?? .zero
            journal = SubjectJournal(SubjectJournal.Filter(unit: unit), from: [.ledger: start])
            try await journal.read(.ledger, keys, to: nil, from: redis)
        } else {
            try await journal.readNewest(.ledger, keys, from: redis)
        }
        return journal.ledger.first { $0.kind == .purchased && $0.unit == unit }?.holdID
    }

    /// Of these sales, those whose ledger or receipts know a hold.
    public func sales(of hold: HoldID, among sales: [SaleID]) async throws -> [SaleID] {
        guard let postgres, !sales.isEmpty else { return [] }
        let rows = try await postgres.query(
            """
            select distinct sale_id from (
                select sale_id from ledger where sale_id = any(\(sales.map(\.rawValue))) and hold_id = \(hold)
                    and kind = 'held'
                union all
                select sale_id from purchases where hold_id = \(hold)) found
            order by sale_id desc
            """
        )
        return try rows.map { try $0["sale_id"].saleID }
    }
}
