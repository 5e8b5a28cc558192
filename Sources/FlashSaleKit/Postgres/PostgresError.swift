/// Why something on Postgres failed. The description never holds passwords, bound values or row data: the DETAIL and
/// CONTEXT of the server are dropped, and quoted values in data errors are replaced.
public struct PostgresError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is, for decisions.
    public enum Code: Sendable, Equatable {
        /// The URL or conninfo string cannot be used.
        case invalidEndpoint
        /// The statement cannot be sent as it is, for example because it holds a NUL byte. Nothing was sent.
        case invalidStatement
        /// No connection came about.
        case connectFailed
        /// The connection is gone. What was sent and not committed is rolled back by the server.
        case closed
        /// The deadline passed before the answer came; the connection is discarded.
        case timeout
        /// As `timeout`, and another session holds a lock that the statement waited for; the message names it.
        case locked
        /// The task was cancelled before the answer came.
        case cancelled
        /// More calls wait for this connection than allowed. Nothing was sent.
        case overloaded
        /// COMMIT was sent and its answer was lost: the transaction may or may not be durable.
        case commitUnknown
        /// COMMIT was answered with ROLLBACK because an earlier error had been swallowed.
        case rolledBack
        /// The server takes no writes: it is a standby, or read only by default. The connection is closed.
        case readOnly
        /// The server refused the statement.
        case server(sqlState: String)
        /// A value is missing or not of the type asked for.
        case decoding
        /// The schema cannot be migrated.
        case migration
    }

    /// What the server said, without the parts that hold data.
    public struct Server: Sendable, Equatable {
        /// Five characters, for example 23505.
        public var sqlState: String
        /// ERROR, FATAL or PANIC.
        public var severity: String
        /// The primary message.
        public var message: String
        /// Name of the constraint that was violated.
        public var constraint: String?
        /// The table it concerns.
        public var table: String?
        /// The column it concerns.
        public var column: String?
        /// For an error within COPY: the row in the buffer, from 1.
        public var copyRow: Int?

        /// FATAL and PANIC end the connection.
        public var isFatal: Bool { severity != "ERROR" }
    }

    /// What kind of failure it is.
    public var code: Code
    /// What failed, where and why.
    public var message: String
    /// What the server said, if it said anything.
    public var server: Server?
    /// What the operator can do about it.
    public var nextStep: String?
    /// The failure behind this one.
    public var underlying: (any Error)?
    /// Where in our source the statement is.
    public var file: String
    /// Where in our source the statement is.
    public var line: Int

    /// An error that did not come from the server.
    public init(
        _ code: Code,
        _ message: String,
        server: Server? = nil,
        nextStep: String? = nil,
        underlying: (any Error)? = nil,
        file: String = #fileID,
        line: Int = #line
    ) {
        self.code = code
        self.message = message
        self.server = server
        self.nextStep = nextStep
        self.underlying = underlying
        self.file = file
        self.line = line
    }

    /// SQLSTATE of the server's answer, whether or not it ended the connection.
    public var sqlState: String? { server?.sqlState }

    /// Name of the violated constraint.
    public var constraint: String? { server?.constraint }

    /// The message, the next step if one is known, and where in the source it happened.
    public var description: String {
        var text = message
        if let nextStep { text += "; \(nextStep)" }
        return text + " (\(file):\(line))"
    }

    /// The same error, with another place in the source.
    func at(_ file: String, _ line: Int) -> PostgresError {
        var copy = self
        copy.file = file
        copy.line = line
        return copy
    }
}

extension PostgresError.Server {
    /// Data errors (class 22) quote the value; everything else quotes names.
    static func redact(_ message: String, sqlState: String) -> String {
        guard sqlState.hasPrefix("22") else { return message }
        return PostgresError.withoutQuotedText(message)
    }

    /// The row number in "COPY ledger, line 17, column user_id".
    static func copyRow(inContext context: String) -> Int? {
        guard context.hasPrefix("COPY "), let start = context.firstRange(of: ", line ") else { return nil }
        return Int(context[start.upperBound...].prefix { $0.isNumber })
    }
}

extension PostgresError {
    /// Replaces whatever stands between the first and the last double quote; a value may hold quotes itself.
    static func withoutQuotedText(_ message: String) -> String {
        guard let first = message.firstIndex(of: "\""), let last = message.lastIndex(of: "\""), first < last else {
            return message
        }
        return message[...first] + "…" + message[last...]
    }
}
