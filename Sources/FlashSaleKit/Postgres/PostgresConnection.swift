import Logging
import Synchronization

/// One connection to Postgres. It has a thread of its own, on which statements and whole transactions run one after the
/// other, so a slow or stopped server never takes a thread from the rest of the process. Every wait has a deadline.
public actor PostgresConnection {
    /// Where it is connected to.
    public nonisolated let endpoint: PostgresEndpoint
    /// How it behaves.
    public nonisolated let options: PostgresOptions
    private nonisolated let executor: PostgresExecutor
    private nonisolated let wakeup: PostgresWakeup
    private nonisolated let health: PostgresWire.Health
    private nonisolated let calls = Atomic<Int>(0)
    private let wire: PostgresWire

    /// The thread of this connection.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// False once it is closed, lost, or discarded because its state became unclear. It never becomes usable again:
    /// connect anew.
    public nonisolated var isUsable: Bool { health.isUsable }

    private init(_ endpoint: PostgresEndpoint, _ options: PostgresOptions, _ logger: Logger) throws(PostgresError) {
        let wakeup = try PostgresWakeup()
        let wire = PostgresWire(endpoint: endpoint, wakeup: wakeup, logger: logger)
        self.endpoint = endpoint
        self.options = options
        self.wakeup = wakeup
        executor = try PostgresExecutor()
        health = wire.health
        self.wire = wire
    }

    deinit {
        executor.stop()
    }

    /// Connects, authenticates and applies the settings.
    /// - Throws: `.connectFailed`, or `.cancelled` with the task.
    public static func connect(
        to endpoint: PostgresEndpoint,
        options: PostgresOptions = PostgresOptions(),
        logger: Logger = Logger(label: "flashctl.postgres"),
        file: String = #fileID,
        line: Int = #line
    ) async throws(PostgresError) -> PostgresConnection {
        let connection = try PostgresConnection(endpoint, options, logger)
        try await connection.call(file, line) { wire throws(PostgresError) in
            try wire.connect(options)
        }
        return connection
    }

    /// Runs one statement by itself.
    /// - Parameter timeout: for the whole answer; nil: that of the options.
    public nonisolated func query(
        _ sql: SQL,
        timeout: Duration? = nil,
        file: String = #fileID,
        line: Int = #line
    ) async throws(PostgresError) -> PostgresRows {
        let limit = timeout ?? options.statementTimeout
        return try await call(file, line) { wire throws(PostgresError) in
            PostgresRows(result: try wire.run(sql, .now + limit))
        }
    }

    /// Runs `body` between BEGIN and COMMIT, on the thread of this connection; when it throws, the transaction is
    /// rolled back and the error passed on. BEGIN travels with the first statement;
    /// without a statement nothing is sent.
    /// - Throws: what `body` throws; `.commitUnknown` when COMMIT was sent and its answer lost; `.rolledBack`.
    @discardableResult
    public nonisolated func transaction<Value: Sendable>(
        _ options: TransactionOptions = TransactionOptions(),
        file: String = #fileID,
        line: Int = #line,
        _ body: @Sendable (PostgresSession) throws -> Value
    ) async throws -> Value {
        let limit = options.statementTimeout ?? self.options.statementTimeout
        let outcome = try await call(file, line) { wire throws(PostgresError) in
            let session = PostgresSession(wire: wire, options: options, limit: limit, file: file, line: line)
            return Result { try session.run(body) }
        }
        return try outcome.get()
    }

    /// Ends the session. Calls that wait for their turn fail with `.closed`.
    public func close() {
        wire.close()
    }

    /// Waits for notifications of the channels listened to; empty when none came in time.
    nonisolated func notifications(within limit: Duration) async throws(PostgresError) -> [String] {
        try await call(#fileID, #line) { wire throws(PostgresError) in
            try wire.notifications(.now + limit)
        }
    }

    /// Admits a call, makes it end with its task, and says where it came from when it fails.
    private nonisolated func call<Value: Sendable>(
        _ file: String,
        _ line: Int,
        _ body: @Sendable (PostgresWire) throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        defer { calls.subtract(1, ordering: .relaxed) }
        guard calls.add(1, ordering: .relaxed).newValue <= options.maximumCalls else {
            throw PostgresError(
                .overloaded,
                "more than \(options.maximumCalls) calls wait for the connection to Postgres at \(endpoint.location)",
                file: file,
                line: line
            )
        }
        let interrupt = PostgresInterrupt(wakeup)
        let outcome = await withTaskCancellationHandler {
            await perform(interrupt) { wire in
                Result { () throws(PostgresError) in try body(wire) }
            }
        } onCancel: {
            interrupt.raise()
        }
        return try outcome.mapError { $0.at(file, line) }.get()
    }

    private func perform<Value>(_ interrupt: PostgresInterrupt, _ body: @Sendable (PostgresWire) -> Value) -> Value {
        wire.interrupt = interrupt
        defer { wire.interrupt = nil }
        return body(wire)
    }
}
