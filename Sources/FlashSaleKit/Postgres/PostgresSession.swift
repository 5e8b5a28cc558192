/// What the body of a transaction works with: synchronous calls on the thread of the connection. It ends with the body.
public final class PostgresSession {
    private let wire: PostgresWire
    private let options: TransactionOptions
    private let limit: Duration
    private let file: String
    private let line: Int
    private var stage = Stage.notBegun
    private var savepoints = 0

    private enum Stage {
        case notBegun
        case begun
        case ended
    }

    init(wire: PostgresWire, options: TransactionOptions, limit: Duration, file: String, line: Int) {
        self.wire = wire
        self.options = options
        self.limit = limit
        self.file = file
        self.line = line
    }

    /// Runs one statement.
    /// - Parameter timeout: for the whole answer; nil: that of the transaction.
    @discardableResult
    public func query(
        _ sql: SQL,
        timeout: Duration? = nil,
        file: String = #fileID,
        line: Int = #line
    ) throws(PostgresError) -> PostgresRows {
        try guarded(file, line) { () throws(PostgresError) in
            let result: LibpqResult
            if stage == .begun {
                result = try wire.run(sql, deadline(timeout))
            } else {
                result = try first([sql], timeout)[0]
            }
            return PostgresRows(result: result)
        }
    }

    /// Runs several statements in one round trip. After the first error the rest is not executed, and it is thrown.
    @discardableResult
    public func pipeline(
        _ statements: [SQL],
        timeout: Duration? = nil,
        file: String = #fileID,
        line: Int = #line
    ) throws(PostgresError) -> [PostgresRows] {
        try guarded(file, line) { () throws(PostgresError) in
            let results =
                stage == .begun ? try wire.pipeline(statements, deadline(timeout)) : try first(statements, timeout)
            return results.map { PostgresRows(result: $0) }
        }
    }

    /// Runs several statements given as one text, for example a migration. It must not end the transaction.
    public func execute(
        script: String,
        timeout: Duration? = nil,
        file: String = #fileID,
        line: Int = #line
    ) throws(PostgresError) {
        try guarded(file, line) { () throws(PostgresError) in
            let text = opening() + script
            _ = try wire.run(script: text, deadline(timeout))
        }
    }

    /// The next rows of a cursor, none at its end. A cursor that was declared `binary` hands them out in the binary
    /// forms of their types, read with ``PostgresBinaryRow``: only statements sent as text leave the form to it.
    func fetch(
        _ count: Int,
        from cursor: String,
        timeout: Duration? = nil,
        file: String = #fileID,
        line: Int = #line
    ) throws(PostgresError) -> PostgresRows {
        try guarded(file, line) { () throws(PostgresError) in
            let statement: SQL = "fetch \(literal: count) from \(identifier: cursor)"
            let results = try wire.run(script: opening() + statement.text, deadline(timeout))
            guard let rows = results.last else {
                throw PostgresError(.decoding, "a FETCH was not answered with rows")
            }
            return PostgresRows(result: rows)
        }
    }

    /// Sends rows: `copy ledger (…) from stdin (format binary)`. Any error discards the connection, and so rolls back.
    /// - Returns: how many rows the server stored.
    @discardableResult
    public func copyIn(
        _ statement: SQL,
        _ rows: CopyBuffer,
        timeout: Duration? = nil,
        file: String = #fileID,
        line: Int = #line
    ) throws(PostgresError) -> Int {
        try guarded(file, line) { () throws(PostgresError) in
            guard statement.binds.isEmpty else {
                throw PostgresError(.invalidStatement, "COPY takes no bound values")
            }
            let text = opening() + statement.text
            return try wire.copyIn(statement: text, rows, deadline(timeout)).affected
        }
    }

    /// Runs `body` so that, when it throws, only what it did is undone. After a failed COPY nothing can be saved.
    @discardableResult
    public func savepoint<Value>(_ body: () throws -> Value) throws -> Value {
        savepoints += 1
        defer { savepoints -= 1 }
        let name = "step_\(savepoints)"
        try query("savepoint \(identifier: name)")
        do {
            let value = try body()
            try query("release savepoint \(identifier: name)")
            return value
        } catch {
            if wire.health.isUsable {
                try execute(script: "rollback to savepoint \(name); release savepoint \(name)")
            }
            throw error
        }
    }
}

@available(*, unavailable)
extension PostgresSession: Sendable {}

// MARK: - Begin and end

extension PostgresSession {
    /// The whole transaction.
    func run<Value>(_ body: (PostgresSession) throws -> Value) throws -> Value {
        defer { stage = .ended }
        let value: Value
        do {
            value = try body(self)
        } catch {
            rollBack()
            throw error
        }
        do throws(PostgresError) {
            if stage == .begun { try commit() }
        } catch {
            throw error.at(file, line)
        }
        return value
    }

    private func deadline(_ timeout: Duration?) -> ContinuousClock.Instant {
        .now + (timeout ?? limit)
    }

    /// BEGIN, the settings and the first statements in one round trip; only the answers of the latter are returned.
    private func first(_ statements: [SQL], _ timeout: Duration?) throws(PostgresError) -> [LibpqResult] {
        let opening = options.opening.map { SQL(unsafeRaw: $0) }
        stage = .begun
        return Array(try wire.pipeline(opening + statements, deadline(timeout)).dropFirst(opening.count))
    }

    /// The same for statements sent as text: what goes before them.
    private func opening() -> String {
        guard stage == .notBegun else { return "" }
        stage = .begun
        return options.opening.map { $0 + "; " }.joined()
    }

    private func guarded<Value>(
        _ file: String,
        _ line: Int,
        _ body: () throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        let stageBefore = stage
        let sendingsBefore = wire.sendings
        let outcome = Result { () throws(PostgresError) in
            guard stage != .ended else {
                throw PostgresError(.closed, "the transaction of this session has ended")
            }
            return try body()
        }
        if wire.sendings == sendingsBefore {
            // Refused before it was sent: the BEGIN that would have gone with it has yet to be sent, too.
            stage = stageBefore
        } else if let libpq = wire.libpq, libpq.transactionState == .idle {
            let reason = "a statement ended the transaction it ran in"
            wire.discard(reason)
            throw PostgresError(.invalidStatement, reason, file: file, line: line)
        }
        return try outcome.mapError { $0.at(file, line) }.get()
    }

    private func commit() throws(PostgresError) {
        if wire.interrupt?.isRaised == true {
            rollBack()
            throw PostgresError(.cancelled, "the transaction was cancelled before its COMMIT and rolled back")
        }
        // Nobody may interrupt it: the outcome would be unknown for no reason.
        wire.interrupt = nil
        _ = try wire.live()
        let results: [LibpqResult]
        do throws(PostgresError) {
            results = try wire.run(script: "commit", deadline(nil))
        } catch {
            if error.isRefusalOfCommit { throw error }
            wire.discard("the answer to a COMMIT was lost")
            throw PostgresError(
                .commitUnknown,
                "COMMIT was sent to Postgres at \(wire.endpoint.location) and its answer was lost",
                server: error.server,
                underlying: error
            )
        }
        guard results.last?.commandTag == "COMMIT" else {
            throw PostgresError(
                .rolledBack,
                "the transaction was rolled back at its COMMIT: a statement in it had failed"
            )
        }
    }

    /// If it cannot be rolled back in time, the connection goes, and the server rolls back.
    private func rollBack() {
        wire.interrupt = nil
        guard let libpq = wire.libpq, libpq.transactionState != .idle else { return }
        do throws(PostgresError) {
            _ = try wire.run(script: "rollback", deadline(nil))
        } catch {
            wire.discard("a transaction could not be rolled back: \(error.message)")
        }
    }
}

extension PostgresError {
    /// An ERROR in answer to COMMIT means that it did not happen, except for those that may come after it: the request
    /// to cancel (class 57), a broken connection (08), and 40003, which says so itself.
    fileprivate var isRefusalOfCommit: Bool {
        guard case .server(let state) = code else { return false }
        return !state.hasPrefix("57") && !state.hasPrefix("08") && state != "40003"
    }
}
