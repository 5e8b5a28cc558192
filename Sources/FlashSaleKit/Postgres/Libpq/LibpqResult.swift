import CLibpq

/// Owns one PGresult.
// Sendable: a PGresult is never changed after PQgetResult returned it, and libpq documents that it may then be read
// from any thread ("PGresult objects are normally read-only after creation").
final class LibpqResult: @unchecked Sendable {
    private let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        PQclear(pointer)
    }

    /// What the result is.
    enum Kind {
        case rows
        case done
        case copyIn
        case otherCopy
        case pipelineSync
        case pipelineAborted
        case failed
    }

    var kind: Kind {
        switch PQresultStatus(pointer) {
        case PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE: .rows
        case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: .done
        case PGRES_COPY_IN: .copyIn
        case PGRES_COPY_OUT, PGRES_COPY_BOTH: .otherCopy
        case PGRES_PIPELINE_SYNC: .pipelineSync
        case PGRES_PIPELINE_ABORTED: .pipelineAborted
        default: .failed
        }
    }

    var rowCount: Int { Int(PQntuples(pointer)) }
    var columnCount: Int { Int(PQnfields(pointer)) }
    var commandTag: String { String(cString: PQcmdStatus(pointer)) }
    var affected: Int { Int(String(cString: PQcmdTuples(pointer))) ?? 0 }

    func columnName(_ column: Int) -> String {
        guard let name = PQfname(pointer, Int32(column)) else { return "" }
        return String(cString: name)
    }

    /// −1 when there is none. Unlike PQfnumber this takes the name as it is, without folding its case.
    func columnIndex(_ name: String) -> Int {
        for column in 0..<columnCount where name == columnName(column) {
            return column
        }
        return -1
    }

    func isNull(row: Int, column: Int) -> Bool {
        PQgetisnull(pointer, Int32(row), Int32(column)) == 1
    }

    func withBytes<Value>(row: Int, column: Int, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        let length = Int(PQgetlength(pointer, Int32(row), Int32(column)))
        return body(UnsafeRawBufferPointer(start: PQgetvalue(pointer, Int32(row), Int32(column)), count: length))
    }

    /// What the server said, redacted. Nil when libpq made up the failure itself: the connection broke.
    var server: PostgresError.Server? {
        guard let sqlState = field("C") else { return nil }
        return PostgresError.Server(
            sqlState: sqlState,
            severity: field("V") ?? field("S") ?? "ERROR",
            message: PostgresError.Server.redact(field("M") ?? "", sqlState: sqlState),
            constraint: field("n"),
            table: field("t"),
            column: field("c"),
            copyRow: field("W").flatMap { PostgresError.Server.copyRow(inContext: $0) }
        )
    }

    /// What libpq says of a failure that is not the server's.
    var libpqMessage: String {
        String(cString: PQresultErrorMessage(pointer))
    }

    /// The letters are the PG_DIAG_ constants of postgres_ext.h, which are macros of characters.
    private func field(_ code: Unicode.Scalar) -> String? {
        guard let value = PQresultErrorField(pointer, Int32(code.value)) else { return nil }
        return String(cString: value)
    }
}
