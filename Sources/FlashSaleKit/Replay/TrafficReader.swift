/// Reads the traffic of a past sale in its total order, portion by portion and as slowly as it is wanted.
///
/// Postgres keeps the sorted rows on its disk meanwhile. No transaction stays open, so a replay may take hours.
public actor TrafficReader {
    private let postgres: PostgresConnection
    private var reader: SaleRecordReader?
    private var isAtEnd = false

    /// About how many attempts there are.
    public private(set) var attempts = 0

    /// A reader on a connection of its own.
    public init(postgres: PostgresConnection) {
        self.postgres = postgres
    }

    /// Sorts the records of a sale as they are now. Call it once for each reader.
    public func open(_ sale: SaleID) async throws {
        let options = TransactionOptions(
            isolation: .repeatableRead,
            readOnly: true,
            statementTimeout: ReplayAudit.statementTimeout
        )
        attempts = try await postgres.transaction(options) { session in
            let row = try session.query(
                "select drained_rows from journal_cursor where sale_id = \(sale) and stream = 'attempts'"
            ).one()
            try SaleRecordReader.declare(sale, lasting: true, in: session)
            return try row["drained_rows"].int
        }
    }

    /// The next events, at most about `limit`; empty at the end.
    public func next(_ limit: Int = 2000) async throws -> [TrafficEvent] {
        if isAtEnd { return [] }
        let options = TransactionOptions(readOnly: true, statementTimeout: .seconds(60))
        let portion = try await postgres.transaction(options) { [reader] session in
            var next = reader ?? SaleRecordReader()
            if reader == nil { try next.begin(session) }
            var events: [TrafficEvent] = []
            while events.count < limit {
                guard let entry = try next.next(session) else { return (next, events, true) }
                if let event = TrafficEvent(entry) { events.append(event) }
            }
            return (next, events, false)
        }
        reader = portion.0
        isAtEnd = portion.2
        return portion.1
    }
}
