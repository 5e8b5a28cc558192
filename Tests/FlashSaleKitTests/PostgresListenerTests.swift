import Testing

@testable import FlashSaleKit

@Suite("PostgresListener: notifications", .serialized)
struct PostgresListenerTests {
    @Test("Payloads arrive in order; an empty one says that something may have been missed")
    func payloads() async throws {
        try await withPostgres { connection, stack in
            let stream = PostgresListener.listen(try stack.postgresEndpoint, "odd \"channel", logger: quietLogger)
            var received = stream.makeAsyncIterator()
            #expect(await received.next() == "")
            _ = try await connection.query("select pg_notify(\("odd \"channel"), n::text) from generate_series(1, 3) n")
            _ = try await connection.query("select pg_notify('other', 'x'), pg_notify(\("odd \"channel"), \("ü\t✓"))")
            var payloads: [String?] = []
            for _ in 0..<4 { payloads.append(await received.next()) }
            #expect(payloads == ["1", "2", "3", "ü\t✓"])
        }
    }

    @Test("It reconnects after its session is ended and after the server was restarted")
    func reconnects() async throws {
        try await withPostgres { connection, stack in
            let stream = PostgresListener.listen(try stack.postgresEndpoint, "c", logger: quietLogger)
            var received = stream.makeAsyncIterator()
            #expect(await received.next() == "")
            let ended = try await connection.query(
                """
                select pg_terminate_backend(pid) from pg_stat_activity
                where pid <> pg_backend_pid() and application_name = 'flashctl' and query like 'listen%'
                """
            )
            #expect(ended.count == 1)
            #expect(await received.next() == "")
            _ = try await connection.query("select pg_notify('c', 'after the end')")
            #expect(await received.next() == "after the end")
            try await stack.killPostgres()
            try await stack.startPostgres()
            #expect(await received.next() == "")
            _ = try await stack.connectPostgres().query("select pg_notify('c', 'after the restart')")
            #expect(await received.next() == "after the restart")
        }
    }

    @Test("A listener that reads nothing keeps the newest payloads only")
    func limited() async throws {
        try await withPostgres { connection, stack in
            let more = PostgresListener.maximumBuffered + 100
            var pause = Duration.milliseconds(250)
            // How much has arrived cannot be seen without reading: a listener that is read too early is given up, and
            // the next one gets twice the time.
            try await eventually {
                let stream = PostgresListener.listen(try stack.postgresEndpoint, "c", logger: quietLogger)
                var received = stream.makeAsyncIterator()
                #expect(await received.next() == "")
                _ = try await connection.query("select pg_notify('c', n::text) from generate_series(1, \(more)) n")
                try await Task.sleep(for: pause)
                pause *= 2
                return await received.next() == "101"
            }
        }
    }

    @Test("Dropping the stream ends the session")
    func ends() async throws {
        try await withPostgres { connection, stack in
            let endpoint = try stack.postgresEndpoint
            let task = Task {
                for await _ in PostgresListener.listen(endpoint, "c", logger: quietLogger) {}
            }
            let listening: SQL = "select 1 from pg_stat_activity where query like 'listen%' and pid <> pg_backend_pid()"
            try await eventually { try await connection.query(listening).count == 1 }
            task.cancel()
            await task.value
            try await eventually { try await connection.query(listening).isEmpty }
        }
    }
}
