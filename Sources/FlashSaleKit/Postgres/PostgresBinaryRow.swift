/// One row of a cursor declared `binary`. Columns are taken by number and read where they lie: ten million rows cost
/// seconds, not minutes.
struct PostgresBinaryRow: Sendable {
    private let result: LibpqResult
    private let row: Int

    init(_ rows: PostgresRows, _ row: Int) {
        result = rows.result
        self.row = row
    }

    func isNull(_ column: Int) -> Bool { result.isNull(row: row, column: column) }

    /// bigint
    func int64(_ column: Int) throws(PostgresError) -> Int64 {
        try integer(column, Int64.self)
    }

    /// integer
    func int32(_ column: Int) throws(PostgresError) -> Int64 {
        Int64(try integer(column, Int32.self))
    }

    /// "char"
    func letter(_ column: Int) throws(PostgresError) -> UInt8 {
        try integer(column, UInt8.self)
    }

    /// boolean
    func bool(_ column: Int) throws(PostgresError) -> Bool {
        try letter(column) != 0
    }

    /// timestamptz
    func timestamp(_ column: Int) throws(PostgresError) -> Timestamp {
        Timestamp(microseconds: try int64(column) + Timestamp.postgresOffset)
    }

    /// text, empty when NULL
    func text(_ column: Int) -> String {
        result.withBytes(row: row, column: column) { String(decoding: $0, as: UTF8.self) }
    }

    /// text that names a user; the one of no user when NULL
    func userID(_ column: Int) -> UserID { UserID(recorded: text(column)) }

    /// bytea of 16 bytes; nil when NULL, or of another length.
    func holdID(_ column: Int) -> HoldID? {
        result.withBytes(row: row, column: column) { bytes in
            guard bytes.count == 16 else { return nil }
            return HoldID(
                high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }

    private func integer<Value: FixedWidthInteger>(
        _ column: Int,
        _ type: Value.Type
    ) throws(PostgresError) -> Value {
        let value = result.withBytes(row: row, column: column) { bytes -> Value? in
            guard bytes.count == MemoryLayout<Value>.size else { return nil }
            return Value(bigEndian: bytes.loadUnaligned(as: Value.self))
        }
        guard let value else {
            throw PostgresError(.decoding, "column #\(column) does not hold \(MemoryLayout<Value>.size) bytes")
        }
        return value
    }
}
