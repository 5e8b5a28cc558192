import Testing

@testable import FlashSaleKit

@Suite("COMMIT: its outcome is never guessed", .serialized)
struct PostgresCommitTests {
    /// Inserts a row through a proxy that breaks at COMMIT; returns the error and whether the row is there.
    private func insert(_ fault: PostgresProxy.Fault) async throws -> (error: PostgresError, committed: Bool) {
        try await LocalStack.withTemporary { stack in
            let direct = try await stack.connectPostgres()
            _ = try await direct.query("create table t (a int)")
            let proxy = try PostgresProxy(to: stack, fault: fault)
            defer { proxy.stop() }
            // For the COMMIT; what comes before it may take its time on a busy machine.
            let options = PostgresOptions.patient { $0.statementTimeout = .milliseconds(700) }
            let connection = try await PostgresConnection.connect(to: proxy.endpoint, options: options)
            let error = try await postgresError {
                try await connection.transaction {
                    try $0.query("insert into t values (1)", timeout: TestPatience.limit)
                }
            }
            #expect(!connection.isUsable)
            let rows = try await direct.query("select count(*) from t")
            return (error, try rows.one()[0].int == 1)
        }
    }

    @Test("The server committed and its answer was lost")
    func answerLost() async throws {
        let (error, committed) = try await insert(.loseAnswer)
        #expect(error.code == .commitUnknown)
        #expect(committed)
        #expect("\(error)".contains("PostgresCommitTests.swift"))
    }

    @Test("The server never saw the COMMIT")
    func commitLost() async throws {
        let (error, committed) = try await insert(.dropCommit)
        #expect(error.code == .commitUnknown)
        #expect(!committed)
    }

    @Test("The server committed and fell silent: unknown within the deadline")
    func silence() async throws {
        let (error, committed) = try await insert(.freeze)
        #expect(error.code == .commitUnknown)
        #expect((error.underlying as? PostgresError)?.code == .timeout)
        #expect(committed)
    }

    @Test("A server killed during COMMIT leaves it unknown")
    func killedDuringCommit() async throws {
        // A deferred trigger makes the COMMIT itself slow.
        try await LocalStack.withTemporary { stack in
            let watcher = try await stack.connectPostgres()
            try await makeSlowCommit(watcher)
            let connection = try await stack.connectPostgres()
            async let outcome = postgresError {
                try await connection.transaction { try $0.query("insert into t values (1)") }
            }
            try await untilCommitting(watcher)
            try await stack.killPostgres()
            #expect(try await outcome.code == .commitUnknown)
        }
    }

    @Test("A session ended or cancelled during COMMIT leaves it unknown")
    func terminatedDuringCommit() async throws {
        try await withPostgres { first, stack in
            try await makeSlowCommit(first)
            for function in ["pg_terminate_backend", "pg_cancel_backend"] {
                let connection = try await stack.connectPostgres()
                let pid = try await connection.query("select pg_backend_pid()").one()[0].int
                async let outcome = postgresError {
                    try await connection.transaction { try $0.query("insert into t values (1)") }
                }
                try await untilCommitting(first)
                _ = try await first.query("select \(identifier: function)(\(pid)::int)")
                #expect(try await outcome.code == .commitUnknown)
                #expect(!connection.isUsable)
            }
        }
    }

    @Test("A COMMIT that the server refuses is a plain error, and nothing happened")
    func refused() async throws {
        try await withPostgres { connection, _ in
            _ = try await connection.query(
                "create table t (a int constraint t_a unique deferrable initially deferred)"
            )
            let error = try await postgresError {
                try await connection.transaction { session in
                    try session.pipeline(["insert into t values (1)", "insert into t values (1)"])
                }
            }
            #expect(error.code == .server(sqlState: "23505"))
            #expect(error.constraint == "t_a")
            #expect(connection.isUsable)
            #expect(try await connection.query("select * from t").isEmpty)
        }
    }

    private func untilCommitting(_ watcher: PostgresConnection) async throws {
        try await eventually {
            try await watcher.query(
                "select 1 from pg_stat_activity where query = 'commit' and wait_event = 'PgSleep'"
            ).count == 1
        }
    }

    private func makeSlowCommit(_ connection: PostgresConnection) async throws {
        try await connection.transaction { session in
            try session.execute(
                script: """
                    create table t (a int);
                    create function slow() returns trigger language plpgsql as $$
                        begin perform pg_sleep(600); return null; end $$;
                    create constraint trigger slow after insert on t deferrable initially deferred
                        for each row execute function slow();
                    """
            )
        }
    }
}
