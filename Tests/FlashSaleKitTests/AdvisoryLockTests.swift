import Testing

@testable import FlashSaleKit

/// Who holds a lock and stands still loses it; who works keeps it, wherever the work is.
@Suite(.serialized) struct AdvisoryLockTests {
    /// The lock as a process has it that stands still: it says nothing by itself.
    private var stopped: AdvisoryLock {
        var lock = AdvisoryLock.recovery
        (lock.standstill, lock.interval) = (.seconds(1), .seconds(600))
        return lock
    }

    /// The recovery error of `body`; nil when it ends otherwise.
    private func recoveryError<Value>(_ body: () async throws -> Value) async -> RecoveryError? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error as? RecoveryError
        }
    }

    private func timeout(_ postgres: PostgresConnection) async throws -> String {
        try await postgres.query("select current_setting('idle_session_timeout')").one()[0].text
    }

    /// When the session has last done anything.
    private func lastWord(_ pid: Int, _ watcher: PostgresConnection) async throws -> String {
        let rows = try await watcher.query("select state_change::text from pg_stat_activity where pid = \(pid)::int")
        return try rows.one()[0].text
    }

    @Test("a holder that stands still loses the lock to the next one, and fails clearly when it goes on")
    func standstill() async throws {
        try await LocalStack.withTemporary { stack in
            let (holder, next) = (try await stack.connectPostgres(), try await stack.connectPostgres())
            let error = await recoveryError {
                try await stopped.whileHeld(on: holder, patience: .zero) {
                    let taken: Bool? = try await AdvisoryLock.recovery.whileHeld(on: next, patience: TestPatience.limit)
                    {
                        true
                    }
                    #expect(taken == true, "the lock became free by itself")
                    _ = try await holder.query("select 2")
                }
            }
            #expect(error?.code == .lockLost)
            #expect(error?.description.contains("the recovery lock was lost: this process stood still") == true)
            #expect(error?.nextStep != nil)
            #expect(!holder.isUsable)
        }
    }

    @Test("a holder that works in Redis alone keeps the lock for as long as it takes")
    func work() async throws {
        try await LocalStack.withTemporary { stack in
            let (holder, other) = (try await stack.connectPostgres(), try await stack.connectPostgres())
            var lock = AdvisoryLock.recovery
            // A limit that no busy machine meets: what counts is that the holder speaks by itself.
            (lock.standstill, lock.interval) = (TestPatience.limit, .milliseconds(20))
            let pid = try await holder.query("select pg_backend_pid()").one()[0].int
            let result = try await lock.whileHeld(on: holder, patience: .zero) {
                for _ in 0..<5 {
                    let last = try await lastWord(pid, other)
                    try await eventually("another word of the holder") { try await lastWord(pid, other) != last }
                }
                let taken: Bool? = try await lock.whileHeld(on: other, patience: .zero) { true }
                #expect(taken == nil)
                return "done"
            }
            #expect(result == "done")
            #expect(
                AdvisoryLock.recovery.standstill >= AdvisoryLock.recovery.interval * 4,
                "one late word is no silence"
            )
            #expect(AdvisoryLock.recovery.standstill <= .seconds(5), "a stopped process is gone within 15 s")
        }
    }

    @Test("the limit of the session is that of before, after a lock within a lock too")
    func restored() async throws {
        try await LocalStack.withTemporary { stack in
            let postgres = try await stack.connectPostgres()
            let other = try await stack.connectPostgres()
            _ = try await postgres.query("set idle_session_timeout = '7min'")
            let within = try await AdvisoryLock.rotation.whileHeld(on: postgres, patience: .zero) {
                #expect(try await timeout(postgres) == "5s")
                let inner = try await AdvisoryLock.recovery.whileHeld(on: postgres, patience: .zero) {
                    try await timeout(postgres)
                }
                #expect(inner == "5s")
                // Who does not get it is not put under its limit.
                #expect(try await AdvisoryLock.rotation.whileHeld(on: other, patience: .zero) { true } == nil)
                #expect(try await timeout(other) == "0")
                return try await timeout(postgres)
            }
            #expect(within == "5s")
            #expect(try await timeout(postgres) == "7min")
        }
    }

    @Test("a holder that is cancelled or throws gives the lock back at once, and its own error comes out")
    func givenBack() async throws {
        try await LocalStack.withTemporary { stack in
            let (holder, next) = (try await stack.connectPostgres(), try await stack.connectPostgres())
            let cancelled = Task {
                try await AdvisoryLock.recovery.whileHeld(on: holder, patience: TestPatience.limit) {
                    try await Task.sleep(for: .seconds(3600))
                }
            }
            try await eventually("a lock that is held") {
                try await AdvisoryLock.recovery.whileHeld(on: next, patience: .zero) { true } == nil
            }
            cancelled.cancel()
            await #expect(throws: CancellationError.self) { try await cancelled.value }
            #expect(try await AdvisoryLock.recovery.whileHeld(on: next, patience: .zero) { true } == true)
            #expect(try await timeout(holder) == "0")
            let error = await recoveryError {
                try await AdvisoryLock.recovery.whileHeld(on: holder, patience: .zero) {
                    throw RecoveryError(.superseded, "somebody was faster")
                }
            }
            #expect(error?.code == .superseded)
            #expect(try await AdvisoryLock.recovery.whileHeld(on: next, patience: .zero) { true } == true)
        }
    }

    @Test("a Postgres that is gone is not taken for a standstill")
    func outage() async throws {
        try await LocalStack.withTemporary { stack in
            let holder = try await stack.connectPostgres()
            _ = try await postgresError {
                try await AdvisoryLock.recovery.whileHeld(on: holder, patience: .zero) {
                    try await stack.killPostgres()
                    _ = try await holder.query("select 1")
                }
            }
        }
    }
}
