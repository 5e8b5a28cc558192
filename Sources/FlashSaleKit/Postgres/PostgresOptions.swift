/// How a connection behaves.
public struct PostgresOptions: Sendable {
    /// Until the connection is ready for statements.
    public var connectTimeout: Duration = .seconds(5)
    /// From sending a statement to the end of its answer, if the call names no other time. After that the connection is
    /// discarded.
    public var statementTimeout: Duration = .seconds(5)
    /// The server ends a transaction that waits longer for our next statement, and so frees its locks from a process
    /// that was stopped.
    public var idleInTransactionTimeout: Duration = .seconds(3)
    /// Whether COMMIT waits for the disk.
    public var synchronousCommit = true
    /// Shown in `pg_stat_activity`.
    public var applicationName = "flashctl"
    /// Whether a statement that was not answered in time looks for the lock it waits for, which takes up to two seconds
    /// more: for commands, where somebody reads the answer.
    public var namesBlockers = false
    /// Calls that may run or wait on this connection; more are refused with `.overloaded`.
    public var maximumCalls = 256

    /// The defaults.
    public init() {}

    /// Settings sent with the start packet; `options` in the URL may override them.
    var settings: [(name: String, value: String)] {
        [
            ("synchronous_commit", synchronousCommit ? "on" : "off"),
            ("idle_in_transaction_session_timeout", "\(idleInTransactionTimeout.wholeMilliseconds)"),
        ]
    }

    /// Settings the readers of answers rely on.
    static let fixedSettings: [(name: String, value: String)] = [
        ("TimeZone", "UTC"),
        ("DateStyle", "ISO"),
        ("bytea_output", "hex"),
        ("standard_conforming_strings", "on"),
    ]
}

/// How one transaction behaves.
public struct TransactionOptions: Sendable {
    /// Isolation levels of Postgres.
    public enum Isolation: String, Sendable {
        case readCommitted = "read committed"
        case repeatableRead = "repeatable read"
        case serializable = "serializable"
    }

    /// Isolation level.
    public var isolation: Isolation = .readCommitted
    /// Refuses writes.
    public var readOnly = false
    /// For each statement; nil: that of the connection.
    public var statementTimeout: Duration?
    /// How long to wait for a lock; nil: as long as the statement may take.
    public var lockTimeout: Duration?
    /// Nil: that of the connection.
    public var synchronousCommit: Bool?

    /// The defaults.
    public init(
        isolation: Isolation = .readCommitted,
        readOnly: Bool = false,
        statementTimeout: Duration? = nil,
        lockTimeout: Duration? = nil,
        synchronousCommit: Bool? = nil
    ) {
        self.isolation = isolation
        self.readOnly = readOnly
        self.statementTimeout = statementTimeout
        self.lockTimeout = lockTimeout
        self.synchronousCommit = synchronousCommit
    }

    /// BEGIN and the settings of this transaction; they are sent together with its first statement.
    var opening: [String] {
        var statements = ["begin isolation level \(isolation.rawValue)\(readOnly ? " read only" : "")"]
        if let lockTimeout {
            statements.append("set local lock_timeout = \(max(1, lockTimeout.wholeMilliseconds))")
        }
        if let synchronousCommit {
            statements.append("set local synchronous_commit = \(synchronousCommit ? "on" : "off")")
        }
        return statements
    }
}

extension Duration {
    /// Rounded up.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
