/// The schedule: the table `sales`.
public struct SaleStore: Sendable {
    private let postgres: PostgresConnection

    /// A store on this connection.
    public init(postgres: PostgresConnection) {
        self.postgres = postgres
    }

    /// Creates a sale with its partition of `attempts` and its two cursors, in one transaction, unless a sale of the
    /// same kind (hourly or seeded) starts at that instant already. Racing callers create it once.
    public func seed(_ terms: SaleTerms) async throws -> SeedResult {
        let problems = terms.validate()
        guard problems.isEmpty else {
            throw ScheduleError(
                .invalidTerms,
                "these terms cannot be sold: \(problems.joined(separator: ", "))",
                nextStep: "change them and seed again"
            )
        }
        _ = try await LineageStore(postgres: postgres).current()
        return try await postgres.transaction { session in
            if let sale = try SaleStore.insert(terms, in: session) { return .created(sale) }
            let existing = try session.query("\(SaleStore.select) \(SaleStore.startsLike(terms))")
            return SaleStore.comparison(try SaleStore.sale(existing.one()), with: terms)
        }
    }

    /// The sale of the same kind that starts at the same instant, and whether it has these terms; nil when there is
    /// none. Writes nothing.
    public func existing(like terms: SaleTerms) async throws -> SeedResult? {
        try await rows(SaleStore.startsLike(terms)).first.map { SaleStore.comparison($0, with: terms) }
    }

    private static func comparison(_ sale: Sale, with terms: SaleTerms) -> SeedResult {
        let differences = TermDifference.between(sale.terms, terms)
        return differences.isEmpty ? .same(sale) : .differs(sale, differences)
    }

    /// A sale that was withdrawn has given its start away.
    private static func startsLike(_ terms: SaleTerms) -> SQL {
        "where s.opens_at = \(terms.opensAt) and s.hourly = \(terms.hourly) and s.withdrawn_at is null"
    }

    /// Inserts a sale with its partition and its cursors; nil when its start is taken. A conflict would use up a number
    /// each time that servers look whether the next hour is there; so it is only met by two that look at one moment.
    static func insert(_ terms: SaleTerms, in session: PostgresSession) throws -> Sale? {
        try LineageStore.requirePresent(in: session)
        let inserted = try session.query(
            """
            insert into sales (
                item_name, image_url, stock, user_limit, hold_ms, opens_at, closes_at, hourly, test)
            select \(terms.itemName), \(terms.imageURL), \(terms.stock), \(terms.userLimit),
                \(terms.holdMilliseconds), \(terms.opensAt), \(terms.closesAt), \(terms.hourly), \(terms.test)
            where not exists (select from sales s \(SaleStore.startsLike(terms)))
            on conflict do nothing
            returning id
            """
        )
        guard let row = inserted.first else { return nil }
        let id = try row["id"].saleID
        try SaleStore.createPartition(of: id, in: session)
        return Sale(id: id, terms: terms, epoch: nil, finishedAt: nil)
    }

    /// `create table … partition of` would wait for every reader of `attempts` and make all others wait behind it;
    /// attaching a table does not.
    private static func createPartition(of id: SaleID, in session: PostgresSession) throws {
        let name = AttemptsBatch.partition(of: id)
        try session.query(
            """
            create table \(identifier: name) (
                like attempts including defaults, check (sale_id = \(literal: id.rawValue)))
            """
        )
        try session.query(
            """
            alter table attempts attach partition \(identifier: name) for values in (\(literal: id.rawValue))
            """
        )
        try session.query(AttemptsBlocks.creation(for: id))
        try session.query(
            """
            insert into journal_cursor (sale_id, stream, epoch, last_id)
            values (\(id), 'ledger', 0, '0-0'), (\(id), 'attempts', 0, '0-0')
            """
        )
    }

    /// The sale with this number.
    public func find(_ id: SaleID) async throws -> Sale? {
        try await rows("where s.id = \(id)").first
    }

    /// All sales, the one that opens last first.
    public func all(limit: Int) async throws -> [Sale] {
        try await rows("order by s.opens_at desc, s.id desc limit \(limit)")
    }

    /// Sales whose end is not committed, in the order in which they open; the epoch is nil until Redis has them.
    public func unfinished() async throws -> [Sale] {
        try await rows("where s.finished_at is null order by s.opens_at, s.id")
    }

    /// Of the sales that have opened and not closed at `time`, the one that opened last.
    public func current(at time: Timestamp) async throws -> Sale? {
        try await rows(
            """
            where s.opens_at <= \(time) and s.closes_at > \(time) and s.finished_at is null
            order by s.opens_at desc, s.hourly, s.id desc limit 1
            """
        ).first
    }

    /// `now()` of Postgres: the time that confirms a jump of the clock of Redis.
    public func now() async throws -> Timestamp {
        try await postgres.query("select clock_timestamp() as now").one()["now"].timestamp
    }

    private func rows(_ condition: SQL) async throws -> [Sale] {
        try await postgres.query("\(SaleStore.select) \(condition)").map(SaleStore.sale)
    }

    /// A sale may be written in Redis only after it was opened there: before that its epoch is nobody's.
    static let select: SQL = """
        select s.id, s.item_name, s.image_url, s.stock, s.user_limit, s.hold_ms, s.opens_at, s.closes_at, s.hourly,
            s.test, s.finished_at, case when s.opened_in_redis_at is not null then c.epoch end as epoch
        from sales s join journal_cursor c on c.sale_id = s.id and c.stream = 'ledger'
        """

    static func sale(_ row: PostgresRow) throws -> Sale {
        Sale(
            id: try row["id"].saleID,
            terms: SaleTerms(
                itemName: try row["item_name"].text,
                imageURL: try row["image_url"].text,
                stock: try row["stock"].int,
                userLimit: try row["user_limit"].int,
                holdMilliseconds: try row["hold_ms"].int64,
                opensAt: try row["opens_at"].timestamp,
                closesAt: try row["closes_at"].timestamp,
                hourly: try row["hourly"].bool,
                test: try row["test"].bool
            ),
            epoch: try row["epoch"].optional?.int64,
            finishedAt: try row["finished_at"].optional?.timestamp
        )
    }
}
