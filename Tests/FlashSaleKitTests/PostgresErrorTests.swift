import Foundation
import Testing

@testable import FlashSaleKit

@Suite("Postgres errors: say what failed, where and why, and no secrets", .serialized)
struct PostgresErrorTests {
    @Test("A violated constraint is named; the row is not shown")
    func constraint() async throws {
        try await withPostgres { connection, stack in
            _ = try await connection.query(
                "create temp table t (a text constraint t_a primary key, b int constraint t_b check (b > 0))"
            )
            _ = try await connection.query("insert into t values (\("buyer@example"), 1)")
            let double = try await postgresError {
                _ = try await connection.query("insert into t values (\("buyer@example"), 1)")
            }
            #expect(double.code == .server(sqlState: "23505"))
            #expect(double.constraint == "t_a")
            let check = try await postgresError {
                _ = try await connection.query("insert into t values (\("buyer@example"), -77)")
            }
            #expect(check.constraint == "t_b")
            for error in [double, check] {
                #expect("\(error)".contains(stack.postgresSocketFolder))
                #expect("\(error)".contains("PostgresErrorTests.swift"))
                #expect(!"\(error)".contains("buyer") && !"\(error)".contains("77"))
            }
            #expect(connection.isUsable)
        }
    }

    @Test("Bound values do not come back in data errors")
    func binds() async throws {
        try await withPostgres { connection, _ in
            for sql in [
                "select \("secret")::int", "select \("secret")::uuid", "select \("secret")::timestamptz",
                "select \("{secret")::jsonb", "select \("99999999secret")::bigint",
            ] as [SQL] {
                let error = try await postgresError { _ = try await connection.query(sql) }
                #expect(error.sqlState?.hasPrefix("22") == true)
                #expect(!"\(error)".contains("secret"))
                #expect(!String(reflecting: error).contains("secret"))
            }
        }
    }

    @Test("A wrong password fails with a next step and is not shown")
    func password() async throws {
        try await LocalStack.withTemporary { stack in
            let admin = try await stack.connectPostgres()
            _ = try await admin.query("create role buyer login password 'right-one'")
            let hba = "\(stack.layout.postgresData)/pg_hba.conf"
            let rules = try String(contentsOfFile: hba, encoding: .utf8)
            try ("local all buyer scram-sha-256\n" + rules).write(toFile: hba, atomically: false, encoding: .utf8)
            _ = try await admin.query("select pg_reload_conf()")
            let base = "host=\(stack.postgresSocketFolder) port=\(StackLayout.postgresPort) dbname=postgres user=buyer"
            let right = try PostgresEndpoint(parsing: base + " password=right-one")
            // The postmaster reads the file when it gets round to it.
            try await eventually { (try? await PostgresConnection.connect(to: PostgresEndpoint(parsing: base))) == nil }
            let connection = try await PostgresConnection.connect(to: right)
            #expect(try await connection.query("select current_user").one()[0].text == "buyer")
            let wrong = try PostgresEndpoint(parsing: base + " password=hunter2")
            let refused = try await postgresError { _ = try await PostgresConnection.connect(to: wrong) }
            #expect(refused.code == .connectFailed)
            #expect(refused.message.hasSuffix(": password authentication failed for user \"buyer\""), "\(refused)")
            #expect(refused.sqlState == "28P01" && refused.isLoginRefused)
            #expect(refused.nextStep?.hasPrefix("correct user 'buyer' and password") == true)
            #expect(!"\(refused)".contains("hunter2") && !"\(wrong)".contains("hunter2"))
            let missing = try await postgresError {
                _ = try await PostgresConnection.connect(to: PostgresEndpoint(parsing: base))
            }
            #expect(missing.nextStep?.contains("PGPASSWORD") == true)
            #expect(missing.isLoginRefused)
            let nobody = try PostgresEndpoint(parsing: base.replacing("user=buyer", with: "user=nobody_here"))
            let unknown = try await postgresError { _ = try await PostgresConnection.connect(to: nobody) }
            #expect(unknown.message.hasSuffix(": role \"nobody_here\" does not exist"), "\(unknown)")
            #expect(unknown.sqlState == "28000" && unknown.isLoginRefused)
            #expect(unknown.nextStep?.contains("the role must exist") == true)
        }
    }

    @Test("Nobody there: the error names the place")
    func nobodyThere() async throws {
        let endpoint = try PostgresEndpoint(parsing: "unix:///nowhere/at/all?dbname=x")
        let error = try await postgresError { _ = try await PostgresConnection.connect(to: endpoint) }
        #expect(error.code == .connectFailed)
        #expect(error.message.contains("unix:///nowhere/at/all/.s.PGSQL.5432"))
        let port = try await postgresError {
            _ = try await PostgresConnection.connect(to: PostgresEndpoint(parsing: "127.0.0.1:1"))
        }
        #expect(port.message.contains("127.0.0.1:1"))
        let noDatabase = try await LocalStack.withTemporary { stack in
            let endpoint = try stack.postgresEndpoint.database("nope")
            return try await postgresError { _ = try await PostgresConnection.connect(to: endpoint) }
        }
        #expect(noDatabase.message.contains("database \"nope\" does not exist"))
        #expect(noDatabase.sqlState == "3D000" && noDatabase.isDatabaseMissing && !noDatabase.isLoginRefused)
        #expect(noDatabase.nextStep?.contains("createdb") == true)
        // One line, and nothing that the address and the advice say already.
        #expect(port.message == "cannot connect to Postgres at 127.0.0.1:1: Connection refused")
    }

    @Test("What libpq says is taken apart, in whatever language the server speaks")
    func refusals() {
        let twice = """
            connection to server at "db" (10.0.0.1), port 5432 failed: FATAL:  28P01: password authentication failed
            LOCATION:  auth_failed, auth.c:326
            connection to server at "db" (10.0.0.1), port 5432 failed: FATAL:  28P01: password authentication failed
            LOCATION:  auth_failed, auth.c:326
            """
        #expect(ConnectRefusal(twice) == ConnectRefusal("FATAL:  28P01: password authentication failed"))
        let german = ConnectRefusal(
            "connection to server on socket \"/x\" failed: SCHWERWIEGEND:  3D000: Datenbank fehlt\n"
        )
        #expect(german.sqlState == "3D000" && german.reason == "Datenbank fehlt")
        let absent = ConnectRefusal(
            "connection to server at \"h\" (::1), port 1 failed: Connection refused\n\tIs the server running?\n"
                + "connection to server at \"h\" (127.0.0.1), port 1 failed: Connection timed out\n\tIs it?\n"
        )
        #expect(absent.reason == "Connection refused; Connection timed out" && absent.sqlState == nil)
        #expect(ConnectRefusal("\n").reason == "no reason was given")
        #expect(ConnectRefusal("fe_sendauth: no password supplied\n").reason == "fe_sendauth: no password supplied")
    }

    @Test("A backend that is ended takes its connection with it, and only that")
    func backendEnded() async throws {
        try await withPostgres { connection, stack in
            let other = try await stack.connectPostgres()
            let pid = try await connection.query("select pg_backend_pid()").one()[0].int
            _ = try await other.query("select pg_terminate_backend(\(pid)::int)")
            try await eventually {
                try await other.query("select 1 from pg_stat_activity where pid = \(pid)::int").isEmpty
            }
            let error = try await postgresError { _ = try await connection.query("select 1") }
            #expect(error.code == .closed)
            #expect(error.sqlState == "57P01")
            #expect(!connection.isUsable)
            let again = try await postgresError { _ = try await connection.query("select 1") }
            #expect(again.code == .closed)
            #expect(again.message.contains("administrator command"))
            #expect(other.isUsable)
        }
    }

    @Test("A postgres that is killed while a statement runs")
    func serverKilled() async throws {
        try await withPostgres { connection, stack in
            let watcher = try await stack.connectPostgres()
            async let running = postgresError { _ = try await connection.query("select pg_sleep(600)") }
            try await eventually {
                try await watcher.query("select 1 from pg_stat_activity where wait_event = 'PgSleep'").count == 1
            }
            try await stack.killPostgres()
            let error = try await running
            #expect(error.code == .closed)
            #expect(!connection.isUsable)
        }
    }
}
