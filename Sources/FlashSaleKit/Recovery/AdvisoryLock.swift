/// Locks of Postgres that end with the connection that holds them: a killed process leaves none behind.
struct AdvisoryLock: Sendable {
    private let key: Int64
    private let name: String

    /// Opening and recovering sales: whoever raises an epoch or begins keys in Redis holds it.
    static let recovery = AdvisoryLock(key: 0x666C_6173_6800_0001, name: "recovery")
    /// Rotating: two at once would do everything twice, harmlessly.
    static let rotation = AdvisoryLock(key: 0x666C_6173_6800_0002, name: "rotation")

    /// Runs `body` with the lock; nil when it cannot be had within `patience`.
    func whileHeld<Result: Sendable>(
        on postgres: PostgresConnection,
        patience: Duration,
        _ body: () async throws -> Result
    ) async throws -> Result? {
        let deadline = ContinuousClock.now + patience
        while try await !tryLock(postgres) {
            guard ContinuousClock.now < deadline else { return nil }
            try await Task.sleep(for: .milliseconds(20))
        }
        let outcome: Swift.Result<Result, any Error>
        do {
            outcome = .success(try await body())
        } catch {
            outcome = .failure(error)
        }
        // The outcome of the work counts either way: a lost connection has lost the lock with it.
        do {
            _ = try await postgres.query("select pg_advisory_unlock(\(key))")
        } catch {
            await postgres.close()
        }
        return try outcome.get()
    }

    private func tryLock(_ postgres: PostgresConnection) async throws -> Bool {
        try await postgres.query("select pg_try_advisory_lock(\(key)) as locked").one()["locked"].bool
    }
}
