import Foundation
import Testing

@testable import FlashSaleKit

@Suite("PostgresConnection: deadlines, cancellation, limits", .serialized)
struct PostgresDeadlineTests {
    private func options(_ limit: Duration) -> PostgresOptions {
        .patient { $0.statementTimeout = limit }
    }

    /// A limit for connecting alone: other connections of a test may take their time on a busy machine.
    private func options(connecting limit: Duration) -> PostgresOptions {
        .patient { $0.connectTimeout = limit }
    }

    @Test("A statement that waits for a lock says who holds it, a slow one does not")
    func blockersAreNamed() async throws {
        try await LocalStack.withTemporary { stack in
            var named = PostgresOptions()
            named.namesBlockers = true
            let setup = try await stack.connectPostgres()
            _ = try await setup.query("create table t (a text)")
            let slow = try await stack.connectPostgres(named)
            let limit = Duration.milliseconds(200)
            let error = try await postgresError { try await slow.query("select pg_sleep(60)", timeout: limit) }
            #expect(error.code == .timeout)
            var other = PostgresOptions()
            other.applicationName = "night batch"
            let holder = try await stack.connectPostgres(other)
            let holding = Task {
                try await holder.transaction { session in
                    let script = "lock table t in share mode;\n select pg_sleep(60)"
                    try session.execute(script: script, timeout: .seconds(90))
                }
            }
            while try await setup.query("select from pg_locks where granted and mode = 'ShareLock'").isEmpty {
                try await Task.sleep(for: .milliseconds(5))
            }
            let blocked = try await stack.connectPostgres(named)
            let reason = try await postgresError {
                try await blocked.query("insert into t values ('x')", timeout: limit)
            }
            #expect(reason.code == .locked)
            let pid = try await setup.query(
                "select pid from pg_stat_activity where application_name = 'night batch'"
            ).one()["pid"].text
            #expect(reason.message.contains("session \(pid) (night batch, user "), "\(reason)")
            #expect(reason.message.hasSuffix("; lock table t in share mode; select pg_sleep(60)"), "\(reason)")
            #expect(reason.nextStep?.contains("-c 'select pg_terminate_backend(\(pid))'") == true, "\(reason)")
            #expect(!blocked.isUsable)
            holding.cancel()
            _ = await holding.result
        }
    }

    @Test("A stopped Postgres hangs nothing: statements, transactions, COPY and connecting end in time")
    func stoppedServer() async throws {
        let limit = Duration.milliseconds(400)
        try await LocalStack.withTemporary { stack in
            let idle = try await stack.connectPostgres(options(limit))
            let session = try await stack.connectPostgres(options(limit))
            let copying = try await stack.connectPostgres(options(limit))
            _ = try await idle.query("create table t (a text)", timeout: TestPatience.limit)
            var rows = CopyBuffer()
            for _ in 0..<200 {
                rows.beginRow(columns: 1)
                rows.appendText(oddTexts[oddTexts.count - 1])
            }
            let bytes = rows
            try await stack.pausePostgres()
            let started = ContinuousClock.now
            async let query = postgresError { _ = try await idle.query("select 1") }
            async let transaction = postgresError { try await session.transaction { try $0.query("select 1") } }
            async let copy = postgresError {
                try await copying.transaction { try $0.copyIn("copy t from stdin (format binary)", bytes) }
            }
            async let connect = postgresError { _ = try await stack.connectPostgres(options(connecting: limit)) }
            #expect(try await query.code == .timeout)
            #expect(try await transaction.code == .timeout)
            #expect(try await copy.code == .timeout)
            #expect(try await connect.code == .connectFailed)
            let passed = ContinuousClock.now - started
            #expect(passed >= limit, "\(passed)")
            #expect(!idle.isUsable && !session.isUsable && !copying.isUsable)
            stack.resumePostgres()
            let after = try await stack.connectPostgres()
            #expect(try await after.query("select count(*) from t").one()[0].int == 0)
        }
    }

    @Test("A stopped server in the middle of a COPY of many megabytes")
    func stoppedDuringCopy() async throws {
        try await LocalStack.withTemporary { stack in
            let connection = try await stack.connectPostgres(options(.milliseconds(500)))
            _ = try await connection.query("create table t (a text)", timeout: TestPatience.limit)
            let error = try await postgresError {
                try await connection.transaction { session in
                    try session.query("select 1", timeout: TestPatience.limit)
                    for process in DaemonProcess.all(in: stack.layout.postgresData) { process.signal(SIGSTOP) }
                    var rows = CopyBuffer()
                    for _ in 0..<400 {
                        rows.beginRow(columns: 1)
                        rows.appendText(oddTexts[oddTexts.count - 1])
                    }
                    try session.copyIn("copy t from stdin (format binary)", rows)
                }
            }
            #expect(error.code == .timeout)
            #expect(!connection.isUsable)
            stack.resumePostgres()
        }
    }

    @Test("A slow statement is ended on the server too, and its connection discarded")
    func slowStatement() async throws {
        try await withPostgres { watcher, stack in
            let connection = try await stack.connectPostgres()
            let error = try await postgresError {
                _ = try await connection.query("select pg_sleep(600)", timeout: .milliseconds(200))
            }
            #expect(error.code == .timeout)
            #expect(!connection.isUsable)
            try await eventually {
                try await watcher.query(
                    "select 1 from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid()"
                ).isEmpty
            }
        }
    }

    @Test("Cancelling a task ends its statement; the connection stays usable")
    func cancellation() async throws {
        try await LocalStack.withTemporary { stack in
            let connection = try await stack.connectPostgres(options(TestPatience.limit))
            let watcher = try await stack.connectPostgres()
            for _ in 0..<20 {
                let task = Task { try await connection.query("select pg_sleep(600)") }
                try await eventually {
                    try await watcher.query("select 1 from pg_stat_activity where wait_event = 'PgSleep'").count == 1
                }
                task.cancel()
                #expect(try await postgresError { try await task.value }.code == .cancelled)
                #expect(connection.isUsable)
                // A request to cancel that came late would end this one.
                #expect(try await connection.query("select pg_sleep(0.01), 1").one()[1].int == 1)
            }
        }
    }

    @Test("Cancelling a transaction rolls it back; the connection stays usable")
    func cancelledTransaction() async throws {
        try await withPostgres { connection, stack in
            _ = try await connection.query("create table t (a int)")
            let task = Task {
                try await connection.transaction { session in
                    try session.query("insert into t values (1)")
                    try session.query("select pg_sleep(600)")
                }
            }
            let watcher = try await stack.connectPostgres()
            try await eventually {
                try await watcher.query("select 1 from pg_stat_activity where wait_event = 'PgSleep'").count == 1
            }
            task.cancel()
            let error = try await postgresError { try await task.value }
            #expect(error.code == .cancelled)
            #expect(connection.isUsable)
            #expect(try await connection.query("select * from t").isEmpty)
        }
    }

    /// Statements that wait until the test lets them go, however slow the machine is.
    private let blocked: SQL = "select pg_advisory_lock_shared(1), pg_advisory_unlock_shared(1)"

    private func block(_ stack: LocalStack) async throws -> PostgresConnection {
        let holder = try await stack.connectPostgres()
        _ = try await holder.query("select pg_advisory_lock(1)")
        return holder
    }

    private func unblock(_ holder: PostgresConnection) async throws {
        _ = try await holder.query("select pg_advisory_unlock(1)")
    }

    @Test("A call cancelled while it waits for its turn sends nothing and disturbs nobody")
    func cancelledInQueue() async throws {
        try await LocalStack.withTemporary { stack in
            let connection = try await stack.connectPostgres(options(TestPatience.limit))
            _ = try await connection.query("create table t (a int)")
            let holder = try await block(stack)
            async let running = connection.query(blocked)
            try await eventually {
                try await holder.query("select 1 from pg_locks where locktype = 'advisory' and not granted").count == 1
            }
            let waiting = Task { try await connection.query("insert into t values (1)") }
            try await Task.sleep(for: .milliseconds(50))
            waiting.cancel()
            try await unblock(holder)
            #expect(try await running.count == 1)
            #expect(try await postgresError { try await waiting.value }.code == .cancelled)
            #expect(try await connection.query("select * from t").isEmpty)
        }
    }

    private func failure(_ connection: PostgresConnection) async -> PostgresError.Code? {
        do throws(PostgresError) {
            _ = try await connection.query(blocked)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("More waiting calls than allowed are refused at once, and those admitted are served")
    func overload() async throws {
        try await LocalStack.withTemporary { stack in
            var options = options(TestPatience.limit)
            options.maximumCalls = 4
            let connection = try await stack.connectPostgres(options)
            let holder = try await block(stack)
            let codes = try await withThrowingTaskGroup(of: PostgresError.Code?.self) { group in
                for _ in 0..<20 { group.addTask { await failure(connection) } }
                var codes: [PostgresError.Code?] = []
                while let code = try await group.next() {
                    codes.append(code)
                    if codes.count == 16 { try await unblock(holder) }
                }
                return codes
            }
            #expect(codes[..<16].allSatisfy { $0 == .overloaded })
            #expect(codes[16...].allSatisfy { $0 == nil })
            #expect(connection.isUsable)
        }
    }

    @Test("Waiting for Postgres takes no thread of the shared pool")
    func poolStaysFree() async throws {
        try await LocalStack.withTemporary { stack in
            let holder = try await block(stack)
            let count = 2 * ProcessInfo.processInfo.activeProcessorCount + 4
            var waiting: [Task<PostgresRows, any Error>] = []
            for _ in 0..<count {
                let connection = try await stack.connectPostgres(options(TestPatience.limit))
                waiting.append(Task { try await connection.query(blocked) })
            }
            try await eventually {
                try await holder.query("select 1 from pg_locks where locktype = 'advisory' and not granted").count
                    == count
            }
            // Were they on the pool, neither this nor the wait above would ever get a thread.
            #expect(await Task.detached { 1 + 1 }.value == 2)
            try await unblock(holder)
            for task in waiting { #expect(try await task.value.count == 1) }
        }
    }

    @Test("A closed connection refuses, and threads and descriptors of dropped ones are given back")
    func resources() async throws {
        try await withPostgres { first, stack in
            await first.close()
            #expect(!first.isUsable)
            #expect(try await postgresError { _ = try await first.query("select 1") }.code == .closed)
            // Other tests of this process come and go meanwhile; a leak of 200 would still show.
            let before = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
            for _ in 0..<200 {
                let connection = try await stack.connectPostgres()
                #expect(try await connection.query("select 1").count == 1)
            }
            try await eventually {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count < before + 100
            }
            let watcher = try await stack.connectPostgres()
            try await eventually {
                try await watcher.query(
                    "select count(*) from pg_stat_activity where application_name = 'flashctl'"
                ).one()[0].int < 5
            }
        }
    }
}
