/// What one stream of one sale has that Postgres does not have yet.
public struct JournalLag: Sendable, Equatable {
    /// The sale.
    public let saleID: SaleID
    /// The stream.
    public let stream: JournalStream
    /// Entries that wait.
    public var entries = 0
    /// About how many bytes of Redis they take.
    public var bytes = 0
    /// Age of the oldest of them in seconds, 0 without one.
    public var seconds = 0.0

    /// Nothing waits.
    public init(saleID: SaleID, stream: JournalStream) {
        self.saleID = saleID
        self.stream = stream
    }
}

/// Up to where Postgres has the journals of the live sales.
public struct JournalPositions: Sendable {
    struct Position: Sendable {
        var lastID: StreamID
        /// Nil while Postgres cannot be asked.
        var drainedEntries: Int?
    }

    /// One stream of one sale.
    struct Key: Hashable, Sendable {
        var saleID: SaleID
        var stream: JournalStream
    }

    /// In the order of sales and streams.
    private(set) var all: [(key: Key, position: Position)] = []

    /// Nothing is known.
    public init() {}

    init(_ key: Key, _ position: Position) {
        all = [(key, position)]
    }

    /// The sales.
    public var sales: [SaleID] {
        all.reduce(into: []) { if $0.last != $1.key.saleID { $0.append($1.key.saleID) } }
    }

    /// These, and for each of the sales that they lack the start of its streams: what is not known to be in Postgres
    /// counts as waiting.
    public func covering(_ sales: [SaleID]) -> JournalPositions {
        var covering = self
        let known = Set(self.sales)
        for sale in sales where !known.contains(sale) {
            for stream in [JournalStream.attempts, .ledger] {
                let position = Position(lastID: .zero, drainedEntries: nil)
                covering.all.append((Key(saleID: sale, stream: stream), position))
            }
        }
        return covering
    }

    /// Reads the cursors of all sales that are open in Redis.
    public static func read(_ postgres: PostgresConnection) async throws -> JournalPositions {
        let rows = try await postgres.query(
            """
            select c.sale_id, c.stream, c.last_id, c.drained_entries
            from journal_cursor c join sales s on s.id = c.sale_id
            where s.finished_at is null and s.opened_in_redis_at is not null
            order by c.sale_id, c.stream
            """
        )
        var positions = JournalPositions()
        for row in rows {
            guard let stream = JournalStream(rawValue: try row["stream"].text) else { continue }
            let position = Position(
                lastID: StreamID(try row["last_id"].text) ?? .zero,
                drainedEntries: try row["drained_entries"].int
            )
            positions.all.append((Key(saleID: try row["sale_id"].saleID, stream: stream), position))
        }
        return positions
    }
}
