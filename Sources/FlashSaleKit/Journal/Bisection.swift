/// Finds the rows that Postgres refuses, and writes all others, within a transaction that is open already.
enum Bisection {
    /// Why a single row was refused.
    struct Fault: Sendable, Equatable {
        let sqlState: String
        let reason: String
    }

    /// Writes rows in order; a part that is refused is cut in half until the refused row stands alone. Returns the rows
    /// that were written. Errors that are not about a row end the transaction.
    static func write<Row>(
        _ rows: [Row],
        into session: PostgresSession,
        refused: (Row, Fault) -> Void,
        insert: ([Row]) throws -> Void
    ) throws -> [Row] {
        guard !rows.isEmpty else { return [] }
        do {
            try session.savepoint { try insert(rows) }
            return rows
        } catch let error as PostgresError where error.isRowFault {
            if rows.count == 1 {
                refused(rows[0], Fault(sqlState: error.sqlState ?? "", reason: error.faultReason))
                return []
            }
        }
        let middle = rows.count / 2
        return try write(Array(rows[..<middle]), into: session, refused: refused, insert: insert)
            + write(Array(rows[middle...]), into: session, refused: refused, insert: insert)
    }
}

extension PostgresError {
    /// Whether one row is at fault, and not the connection, the schema or the server.
    var isRowFault: Bool {
        guard case .server(let sqlState) = code else { return false }
        return RowFault.isRowFault(sqlState: sqlState, constraint: constraint)
    }

    /// The refusal without values of the row, in ASCII: a database of any encoding takes it.
    var faultReason: String {
        if let constraint { return "refused by \(constraint)" }
        return String((server?.message ?? message).map { $0.isASCII ? $0 : "?" })
    }
}
