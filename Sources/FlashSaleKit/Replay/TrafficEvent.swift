/// Something that a buyer of a past sale did, or that became of the buyer's hold.
public struct TrafficEvent: Sendable, Equatable {
    /// What it was.
    public enum Kind: Sendable, Equatable {
        /// A checkout, with what was decided, and the hold that it got.
        case checkout(itemID: Int64, outcome: Outcome, holdID: HoldID?)
        /// A hold was bought.
        case purchase(HoldID)
        /// A hold was released or expired: either way its unit and its user's quota were free again.
        case giveBack(HoldID)
    }

    /// What it was.
    public var kind: Kind
    /// Whose.
    public var user: String
    /// When Redis decided it.
    public var at: Timestamp
    /// Where it stands in the total order of the sale.
    public var place: RecordPlace

    /// An event.
    public init(kind: Kind, user: String, at: Timestamp, place: RecordPlace) {
        self.kind = kind
        self.user = user
        self.at = at
        self.place = place
    }
}

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

extension TrafficEvent {
    /// Nil for what no buyer did.
    fileprivate init?(_ entry: SaleRecordReader.Entry) {
        switch entry {
        case .attempt(let attempt, let hold):
            guard let outcome = attempt.outcome else { return nil }
            self.init(
                kind: .checkout(itemID: attempt.item, outcome: outcome, holdID: hold?.holdID),
                user: attempt.user,
                at: attempt.at,
                place: attempt.place
            )
        case .ledger(let row):
            guard let id = row.holdID else { return nil }
            switch row.kind {
            case .purchased: self.init(kind: .purchase(id), user: row.user, at: row.at, place: row.place)
            case .expired, .released: self.init(kind: .giveBack(id), user: row.user, at: row.at, place: row.place)
            default: return nil
            }
        }
    }
}
