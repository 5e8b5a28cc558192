import Foundation
import Synchronization
import Testing

@testable import FlashSaleKit

@Suite("PostgresConnection: transactions", .serialized)
struct PostgresTransactionTests {
    struct Stop: Error {}

    private func withTable(_ body: @Sendable (PostgresConnection, LocalStack) async throws -> Void) async throws {
        try await withPostgres { connection, stack in
            _ = try await connection.query("create table t (a int constraint t_a primary key)")
            try await body(connection, stack)
        }
    }

    private func count(_ connection: PostgresConnection) async throws -> Int {
        try await connection.query("select count(*) from t").one()[0].int
    }

    @Test("What the body returns is returned, and what it did is durable")
    func commits() async throws {
        try await withTable { connection, stack in
            let sum = try await connection.transaction { session in
                try session.query("insert into t values (\(1))")
                let rows = try session.pipeline(["insert into t values (2)", "select sum(a) from t"])
                return try rows[1].one()[0].int
            }
            #expect(sum == 3)
            #expect(try await count(stack.connectPostgres()) == 2)
        }
    }

    @Test("When the body throws, nothing happened and its error comes out")
    func rollsBack() async throws {
        try await withTable { connection, _ in
            await #expect(throws: Stop.self) {
                try await connection.transaction { session in
                    try session.query("insert into t values (1)")
                    throw Stop()
                }
            }
            let error = try await postgresError {
                try await connection.transaction { session in
                    try session.pipeline(["insert into t values (1)", "insert into t values (1)", "select 1"])
                }
            }
            #expect(error.constraint == "t_a")
            #expect("\(error)".contains("PostgresTransactionTests.swift"))
            #expect(connection.isUsable)
            #expect(try await count(connection) == 0)
        }
    }

    @Test("A swallowed error does not become a false commit")
    func swallowedError() async throws {
        try await withTable { connection, _ in
            let error = try await postgresError {
                try await connection.transaction { session in
                    try session.query("insert into t values (1)")
                    _ = try? session.query("select 1 / 0")
                }
            }
            #expect(error.code == .rolledBack)
            #expect(connection.isUsable)
            #expect(try await count(connection) == 0)
        }
    }

    @Test("When the first statement is refused unsent, BEGIN still goes with the next one")
    func firstStatementUnsent() async throws {
        try await withTable { connection, _ in
            await #expect(throws: Stop.self) {
                try await connection.transaction { session in
                    _ = try? session.query("insert into t values (\("\0"))")
                    _ = try? session.pipeline(Array(repeating: "select 1", count: 65))
                    try session.query("insert into t values (1)")
                    throw Stop()
                }
            }
            let stored = try await count(connection)
            #expect(stored == 0)
        }
    }

    @Test("A savepoint undoes only itself")
    func savepoints() async throws {
        try await withTable { connection, _ in
            try await connection.transaction { session in
                try session.query("insert into t values (1)")
                for value in [2, 1, 3] {
                    do {
                        try session.savepoint {
                            try session.query("insert into t values (\(value))")
                            try session.savepoint { try session.query("insert into t values (\(value + 10))") }
                        }
                    } catch let error as PostgresError {
                        #expect(error.constraint == "t_a" && value == 1)
                    }
                }
            }
            let rows = try await connection.query("select a from t order by a")
            #expect(try rows.map { try $0[0].int } == [1, 2, 3, 12, 13])
        }
    }

    @Test("A body without statements sends nothing; BEGIN and settings cost no round trip")
    func roundTrips() async throws {
        try await withTable { _, stack in
            let proxy = try PostgresProxy(to: stack)
            defer { proxy.stop() }
            let connection = try await PostgresConnection.connect(to: proxy.endpoint, options: .patient())
            let before = proxy.roundTrips
            #expect(try await connection.transaction { _ in 7 } == 7)
            #expect(proxy.roundTrips == before)
            let options = TransactionOptions(lockTimeout: .seconds(1), synchronousCommit: false)
            try await connection.transaction(options) { session in
                try session.query("insert into t values (1)")
            }
            #expect(proxy.roundTrips == before + 2)
            try await connection.transaction(options) { session in
                var rows = CopyBuffer()
                rows.beginRow(columns: 1)
                rows.appendInt32(2)
                #expect(try session.copyIn("copy t from stdin (format binary)", rows) == 1)
                try session.pipeline(["select 1", "select 2", "select 3"])
            }
            // BEGIN with COPY, rows, pipeline, COMMIT.
            #expect(proxy.roundTrips == before + 6)
        }
    }

    @Test("Options reach the server")
    func options() async throws {
        try await withTable { connection, stack in
            var options = TransactionOptions(isolation: .serializable, readOnly: true)
            let refused = try await postgresError {
                try await connection.transaction(options) { try $0.query("insert into t values (1)") }
            }
            #expect(refused.sqlState == "25006")
            options = TransactionOptions(isolation: .repeatableRead, synchronousCommit: false)
            let shown = try await connection.transaction(options) { session in
                try session.execute(script: "select 1; select 2")
                let isolation = try session.query("show transaction_isolation").one()[0].text
                return [isolation, try session.query("show synchronous_commit").one()[0].text]
            }
            #expect(shown == ["repeatable read", "off"])
            #expect(try await connection.query("show synchronous_commit").one()[0].text == "on")
            let other = try await stack.connectPostgres()
            try await connection.transaction { session in try session.query("lock table t") }
            let locked = try await connection.transaction { session in
                try session.query("lock table t")
                return 1
            }
            #expect(locked == 1)
            _ = try await other.query("set idle_in_transaction_session_timeout = 0")
            _ = try await other.query("begin")
            _ = try await other.query("lock table t")
            let waited = try await postgresError {
                try await connection.transaction(TransactionOptions(lockTimeout: .milliseconds(50))) { session in
                    try session.query("select * from t")
                }
            }
            #expect(waited.sqlState == "55P03")
        }
    }

    @Test("A script that ends the transaction is caught; too long a pipeline is refused")
    func misuse() async throws {
        try await withTable { connection, stack in
            let long = try await postgresError {
                try await connection.transaction { session in
                    try session.pipeline(Array(repeating: "select 1", count: 65))
                }
            }
            #expect(long.code == .invalidStatement)
            #expect(connection.isUsable)
            let error = try await postgresError {
                try await connection.transaction { session in
                    try session.execute(script: "insert into t values (1); commit")
                }
            }
            #expect(error.code == .invalidStatement)
            #expect(!connection.isUsable)
        }
    }

    @Test("A transaction that waits too long for its process is ended by the server")
    func idleInTransaction() async throws {
        let options = PostgresOptions.patient { $0.idleInTransactionTimeout = .milliseconds(100) }
        try await withPostgres(options) { connection, stack in
            let pid = try await connection.query("select pg_backend_pid()").one()[0].int
            let watcher = try await stack.connectPostgres()
            let isIdle = Mutex(false)
            let isOver = Mutex(false)
            async let watching: Void = {
                defer { isOver.withLock { $0 = true } }
                try await eventually { isIdle.withLock { $0 } }
                try await eventually("the end of the session") {
                    try await watcher.query("select 1 from pg_stat_activity where pid = \(pid)::int").isEmpty
                }
            }()
            let error = try await postgresError {
                try await connection.transaction { session in
                    try session.query("select 1")
                    isIdle.withLock { $0 = true }
                    // On the thread of the connection, which is there to be blocked.
                    while !isOver.withLock({ $0 }) { usleep(10_000) }
                    try session.query("select 2")
                }
            }
            #expect(error.code == .closed)
            #expect(error.sqlState == "25P03")
            #expect(!connection.isUsable)
            try await watching
        }
    }
}
