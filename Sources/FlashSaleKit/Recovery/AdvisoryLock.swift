/// Locks of Postgres that end with the connection that holds them: a killed process leaves none behind, and a stopped
/// one loses them after ``standstill``.
struct AdvisoryLock: Sendable {
    private let key: Int64
    private let name: String

    /// Opening and recovering sales: whoever raises an epoch or begins keys in Redis holds it.
    static let recovery = AdvisoryLock(key: 0x666C_6173_6800_0001, name: "recovery")
    /// Rotating: two at once would do everything twice, harmlessly.
    static let rotation = AdvisoryLock(key: 0x666C_6173_6800_0002, name: "rotation")

    /// A holder that sends nothing for so long is taken for stopped: Postgres ends its session, and with it the lock.
    var standstill = Duration.seconds(5)
    /// A holder that lives says so at this interval, however long a step of its work leaves Postgres alone.
    var interval = Duration.seconds(1)
    /// SQLSTATE of a session that was ended for its silence.
    private static let idleSessionTimeout = "57P05"

    /// Runs `body` with the lock; nil when it cannot be had within `patience`.
    /// - Throws: what `body` throws, or ``RecoveryError`` with `.lockLost` when it failed after Postgres took the lock
    ///   away.
    func whileHeld<Result: Sendable>(
        on postgres: PostgresConnection,
        patience: Duration,
        _ body: () async throws -> Result
    ) async throws -> Result? {
        let deadline = ContinuousClock.now + patience
        var timeout = try await tryLock(postgres)
        var search = ContinuousClock.now + interval
        while timeout == nil {
            guard ContinuousClock.now < deadline else { return nil }
            if ContinuousClock.now > search {
                try await StoppedSessions.end(on: postgres)
                search = .now + interval
            }
            try await Task.sleep(for: .milliseconds(20))
            timeout = try await tryLock(postgres)
        }
        let pulse = Task { await speak(to: postgres) }
        let outcome: Swift.Result<Result, any Error>
        do {
            outcome = .success(try await body())
        } catch {
            outcome = .failure(error)
        }
        pulse.cancel()
        let signs = [await pulse.value, await unlock(postgres, restoring: timeout ?? "0")]
        let failure: (any Error)? = if case .failure(let error) = outcome { error } else { nil }
        // Also when its steps had all been taken: it cannot say that nobody else has begun since.
        if signs.contains(true) || failure.map(AdvisoryLock.isStandstill) == true {
            throw RecoveryError(
                .lockLost,
                "the \(name) lock was lost: this process stood still for \(standstill), and Postgres gave "
                    + "it to others",
                nextStep: "start again: what was begun is repeated under a new epoch",
                underlying: failure
            )
        }
        return try outcome.get()
    }

    /// Speaks until it is cancelled; true when Postgres had already ended the session of a process that stood still.
    private func speak(to postgres: PostgresConnection) async -> Bool {
        while (try? await Task.sleep(for: interval)) != nil {
            // A statement of its own task: to cancel one that is under way would disturb the next.
            let spoken = await Task { () -> (any Error)? in
                do {
                    _ = try await postgres.query("select 1")
                    return nil
                } catch {
                    return error
                }
            }.value
            if let spoken { return AdvisoryLock.isStandstill(spoken) }
        }
        return false
    }

    private static func isStandstill(_ error: any Error) -> Bool {
        (error as? PostgresError)?.sqlState == idleSessionTimeout
    }

    /// Takes the lock, and in the same statement the limit by which a stopped holder loses it: between the two a
    /// process could be stopped. Returns the limit that the session had before; nil when somebody else has the lock.
    private func tryLock(_ postgres: PostgresConnection) async throws -> String? {
        let row = try await postgres.query(
            """
            with before as materialized (select current_setting('idle_session_timeout') as timeout),
                attempt as materialized (select timeout, pg_try_advisory_lock(\(key)) as is_locked from before)
            select timeout, is_locked, case when is_locked then
                set_config('idle_session_timeout', \("\(standstill.wholeMilliseconds)"), false) end as limit
            from attempt
            """
        ).one()
        return try row["is_locked"].bool ? row["timeout"].text : nil
    }

    /// Gives the lock back and restores the limit; true when Postgres had taken it from a process that stood still.
    private func unlock(_ postgres: PostgresConnection, restoring timeout: String) async -> Bool {
        // Not in the task of a holder that was cancelled: the lock must go all the same.
        await Task {
            do {
                _ = try await postgres.query(
                    "select pg_advisory_unlock(\(key)), set_config('idle_session_timeout', \(timeout), false)"
                )
                return false
            } catch {
                // A lost connection has lost the lock with it.
                await postgres.close()
                return AdvisoryLock.isStandstill(error)
            }
        }.value
    }
}
