/// Reads a table of records in portions, so that memory holds some thousand rows however many there are.
struct RecordCursor<Row: Sendable>: Sendable {
    /// The row that comes next; nil at the end.
    private(set) var head: Row?
    private let name: String
    private let make: @Sendable (PostgresBinaryRow) throws -> Row
    private var rows: PostgresRows?
    private var position = 0
    private var isAtEnd = false
    /// Rows that were handed out.
    private(set) var taken = 0

    /// Rows that are fetched at once.
    static var portion: Int { 10_000 }

    /// A cursor that was declared with this name.
    init(_ name: String, make: @escaping @Sendable (PostgresBinaryRow) throws -> Row) {
        self.name = name
        self.make = make
    }

    /// Reads the first row.
    mutating func begin(_ session: PostgresSession) throws {
        try advance(session)
        taken = 0
    }

    /// Goes on to the next row.
    mutating func advance(_ session: PostgresSession) throws {
        taken += 1
        if rows.map({ position >= $0.count }) ?? true {
            guard !isAtEnd else { return head = nil }
            // The last portion goes before the next one comes: two would be in memory otherwise.
            rows = nil
            let next = try session.fetch(Self.portion, from: name)
            isAtEnd = next.count < Self.portion
            position = 0
            rows = next
            guard next.count > 0 else { return head = nil }
        }
        guard let rows else { return head = nil }
        head = try make(PostgresBinaryRow(rows, position))
        position += 1
    }
}
