/// The answer to a statement: rows, or just how many rows it touched.
public struct PostgresRows: RandomAccessCollection, Sendable {
    let result: LibpqResult

    /// 0
    public var startIndex: Int { 0 }
    /// Number of rows.
    public var endIndex: Int { result.rowCount }
    /// The row at this position.
    public subscript(position: Int) -> PostgresRow { PostgresRow(result: result, index: position) }

    /// Names of the columns.
    public var columns: [String] { (0..<result.columnCount).map { result.columnName($0) } }

    /// Rows inserted, updated, deleted, selected or copied.
    public var affected: Int { result.affected }

    /// For example `INSERT 0 3`.
    public var commandTag: String { result.commandTag }

    /// The only row.
    public func one(file: String = #fileID, line: Int = #line) throws(PostgresError) -> PostgresRow {
        guard count == 1 else {
            throw PostgresError(.decoding, "one row was expected and \(count) came", file: file, line: line)
        }
        return self[0]
    }
}

/// One row.
public struct PostgresRow: Sendable {
    let result: LibpqResult
    let index: Int

    /// Number of columns.
    public var count: Int { result.columnCount }

    /// A value by column number, from 0.
    public subscript(column: Int) -> PostgresCell {
        PostgresCell(result: result, row: index, column: column < result.columnCount ? column : -1, name: "#\(column)")
    }

    /// A value by column name.
    public subscript(name: String) -> PostgresCell {
        PostgresCell(result: result, row: index, column: result.columnIndex(name), name: name)
    }
}

/// One value. The accessors throw `.decoding` when there is no such column, it is NULL, or it is of another form.
public struct PostgresCell: Sendable {
    let result: LibpqResult
    let row: Int
    /// −1: no such column.
    let column: Int
    let name: String

    /// Whether it is NULL. False for a column that does not exist, so that reading it still throws.
    public var isNull: Bool { column >= 0 && result.isNull(row: row, column: column) }

    /// Nil when NULL: `try row["ticket"].optional?.text`.
    public var optional: PostgresCell? { isNull ? nil : self }

    /// The text form of any type.
    public var text: String {
        get throws(PostgresError) {
            try withBytes { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// smallint, integer, bigint
    public var int64: Int64 {
        get throws(PostgresError) {
            guard let value = Int64(try text) else { throw wrong("an integer") }
            return value
        }
    }

    /// smallint, integer, bigint
    public var int: Int {
        get throws(PostgresError) { Int(try int64) }
    }

    /// real, double precision, numeric
    public var double: Double {
        get throws(PostgresError) {
            guard let value = Double(try text) else { throw wrong("a number") }
            return value
        }
    }

    /// boolean
    public var bool: Bool {
        get throws(PostgresError) {
            switch try text {
            case "t": true
            case "f": false
            default: throw wrong("a boolean")
            }
        }
    }

    /// bytea
    public var bytes: [UInt8] {
        get throws(PostgresError) {
            guard let value = try withBytes({ PostgresText.bytea($0) }) else { throw wrong("bytea") }
            return value
        }
    }

    /// timestamptz
    public var timestamp: Timestamp {
        get throws(PostgresError) {
            guard let value = try withBytes({ PostgresText.timestamp($0) }) else { throw wrong("a timestamp") }
            return value
        }
    }

    /// bytea of 16 bytes
    public var holdID: HoldID {
        get throws(PostgresError) {
            guard let value = HoldID(bytes: try bytes) else { throw wrong("a hold id") }
            return value
        }
    }

    /// bigint above 0
    public var saleID: SaleID {
        get throws(PostgresError) {
            guard let value = SaleID(try int64) else { throw wrong("a sale id") }
            return value
        }
    }

    /// text that names a user
    public var userID: UserID {
        get throws(PostgresError) { UserID(recorded: try text) }
    }

    private func withBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) throws(PostgresError) -> Value {
        guard column >= 0 else { throw PostgresError(.decoding, "the answer has no column \(name)") }
        guard !result.isNull(row: row, column: column) else {
            throw PostgresError(.decoding, "column \(name) is NULL")
        }
        return result.withBytes(row: row, column: column, body)
    }

    /// Says what was expected, not what was found: the value may be anybody's.
    private func wrong(_ expected: String) -> PostgresError {
        PostgresError(.decoding, "column \(name) does not hold \(expected)")
    }
}
