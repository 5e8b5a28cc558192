/// How a sale stands in both stores at one instant, read without touching its records:
/// cheap enough to be asked every second.
public struct SaleStanding: Sendable, Equatable {
    /// One stream on its way to Postgres.
    public struct Backlog: Sendable, Equatable {
        /// Up to where it is in Postgres.
        public var cursor = StreamID.zero
        /// The epoch under which it may be drained.
        public var epoch: Int64 = 0
        /// Entries in Postgres so far.
        public var drainedEntries = 0
        /// Rows that they became.
        public var drainedRows = 0
        /// Entries that are not in Postgres yet.
        public var waitingEntries = 0
        /// About how many bytes of Redis they take.
        public var waitingBytes = 0
        /// Age of the oldest of them in seconds, 0 without one.
        public var seconds = 0.0

        /// Nothing drained, nothing waiting.
        public init() {}
    }

    /// The sale as in the schedule.
    public let sale: Sale
    /// What Redis counts; nil when the sale has no keys there.
    public let redis: SaleSnapshot?
    /// The changes of state that are still on their way.
    public let ledger: Backlog
    /// The attempts that are still on their way.
    public let attempts: Backlog
    /// Committed purchases.
    public let purchases: Int
    /// Rows of the journal that wait for an operator.
    public let deadLetters: Int

    /// What Redis alone tells, while Postgres cannot be asked.
    public init(sale: Sale, redis: SaleSnapshot) {
        self.init(sale: sale, redis: redis, ledger: Backlog(), attempts: Backlog(), purchases: 0, deadLetters: 0)
    }

    init(
        sale: Sale,
        redis: SaleSnapshot?,
        ledger: Backlog,
        attempts: Backlog,
        purchases: Int,
        deadLetters: Int
    ) {
        self.sale = sale
        self.redis = redis
        self.ledger = ledger
        self.attempts = attempts
        self.purchases = purchases
        self.deadLetters = deadLetters
    }

    /// Reads the report of a sale. Counts of attempts by outcome take longer: ``SaleRecord/read(_:from:)``.
    public static func read(
        _ sale: Sale,
        redis: RedisClient,
        postgres: PostgresConnection
    ) async throws -> SaleStanding {
        let row = try await postgres.query(
            """
            select (select count(*) from purchases where sale_id = \(sale.id)) as purchases,
                (select count(*) from dead_letter where sale_id = \(sale.id) and repaired_at is null) as dead
            """
        ).one()
        let snapshot = try SnapshotCall.parse(try await redis.send(SnapshotCall.command(keys: SaleKeys(sale.id))))
        return SaleStanding(
            sale: sale,
            redis: snapshot,
            ledger: try await backlog(.ledger, snapshot?.ledger, sale.id, snapshot?.at, redis, postgres),
            attempts: try await backlog(.attempts, snapshot?.attempts, sale.id, snapshot?.at, redis, postgres),
            purchases: try row["purchases"].int,
            deadLetters: try row["dead"].int
        )
    }

    private static func backlog(
        _ name: JournalStream,
        _ stream: SaleSnapshot.Stream?,
        _ sale: SaleID,
        _ now: Timestamp?,
        _ redis: RedisClient,
        _ postgres: PostgresConnection
    ) async throws -> Backlog {
        let row = try await postgres.query(
            """
            select epoch, last_id, drained_entries, drained_rows from journal_cursor
            where sale_id = \(sale) and stream = \(name.rawValue)
            """
        ).one()
        var backlog = Backlog()
        backlog.cursor = StreamID(try row["last_id"].text) ?? .zero
        backlog.epoch = try row["epoch"].int64
        backlog.drainedEntries = try row["drained_entries"].int
        backlog.drainedRows = try row["drained_rows"].int
        guard let stream, stream.entries > 0, let now else { return backlog }
        let position = JournalPositions.Position(lastID: backlog.cursor, drainedEntries: backlog.drainedEntries)
        let positions = JournalPositions(JournalPositions.Key(saleID: sale, stream: name), position)
        let lags = try await JournalMeter().measure(positions, redis: redis, now: now)
        guard let lag = lags.first else { return backlog }
        backlog.waitingEntries = lag.entries
        backlog.waitingBytes = lag.bytes
        backlog.seconds = lag.seconds
        return backlog
    }
}
