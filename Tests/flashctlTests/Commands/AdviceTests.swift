import FlashSaleKit
import TestSupport
import Testing

@testable import flashctl

/// What a command says when something outside is in its way: what, where, and what to do about it.
@Suite(.serialized) struct AdviceTests {
    @Test func aLockInTheWayIsNamedAndTheStatusSaysTryAgain() async throws {
        try await CommandStack.with { stores in
            var options = PostgresOptions()
            options.applicationName = "nightly report"
            let holder = try await PostgresConnection.connect(
                to: PostgresEndpoint(parsing: stores.stack.postgresURL),
                options: options
            )
            let holding = Task {
                try await holder.transaction { session in
                    try session.execute(
                        script: "lock table sales in access exclusive mode; select pg_sleep(120)",
                        timeout: .seconds(150)
                    )
                }
            }
            try await stores.withPostgres { postgres in
                while try await postgres.query("select from pg_locks where mode = 'AccessExclusiveLock'").isEmpty {
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            let picture = "https://example.com/lamp.png"
            let seed = ["--name", "Lamp", "--image-url", picture, "--stock", "5", "--duration", "1h"]
            let outcome = try await stores.run(SeedSaleCommand.self, seed)
            #expect(outcome.status == .tryLater, "\(outcome)")
            let failure = try #require(outcome.failure)
            #expect(failure.message.contains("(nightly report, user "), "\(failure)")
            #expect(failure.message.contains("lock table sales in access exclusive mode"), "\(failure)")
            #expect(failure.nextStep?.contains("pg_terminate_backend(") == true, "\(failure)")
            holding.cancel()
            _ = await holding.result
            #expect(try await stores.run(SeedSaleCommand.self, seed).status == .success, "it can be done at once")
        }
    }

    @Test func tlsThatTheServerRefusesIsTheReasonThatStatusGives() async throws {
        try await CommandStack.with { stores in
            let proxy = try FaultProxy(to: "\(stores.stack.postgresSocketFolder)/.s.PGSQL.5432")
            defer { proxy.stop() }
            let collected = CollectingSink()
            let url = "postgres://127.0.0.1:\(proxy.port)/postgres?sslmode=require"
            let command = try StatusCommand.parse(["--redis", stores.stack.redisURL, "--postgres", url])
            await #expect(throws: SilentExit.self) { try await command.run(in: collected.environment()) }
            #expect(collected.data.contains("server does not support SSL, but SSL was required"), "\(collected.data)")
            let doctor = try DoctorCommand.parse(["--redis", stores.stack.redisURL, "--postgres", url])
            let said = CollectingSink()
            await #expect(throws: SilentExit.self) { try await doctor.run(in: said.environment()) }
            let remedy = "Turn TLS on in postgresql.conf (ssl = on), or write sslmode=prefer"
            #expect(said.data.contains(remedy), "\(said.data)")
        }
    }

    @Test func doctorJudgesAsTheServerThatAcceptsTheLoss() async throws {
        let options = LocalStackOptions.fast.with(redis: ["appendonly": "no", "maxmemory": "1gb"])
        try await CommandStack.with(options: options) { stores in
            func level(_ arguments: String...) async throws -> String? {
                let outcome = try await stores.run(DoctorCommand.self, ["-o", "json"] + arguments)
                let checks = try #require(try json(outcome.data, "checks") as? [[String: Any]])
                return checks.first { $0["name"] as? String == "append_only_file" }?["level"] as? String
            }
            let (strict, lenient) = (try await level(), try await level("--allow-no-aof"))
            #expect(strict == "critical")
            #expect(lenient == "warning")
        }
    }

    @Test(arguments: [
        ("0.0.0.0", "http://127.0.0.1:8080"), ("::", "http://[::1]:8080"), ("::1", "http://[::1]:8080"),
        ("10.1.2.3", "http://10.1.2.3:8080"), ("shop", "http://shop:8080"),
    ])
    func theAddressOfAServerIsAURL(host: String, url: String) {
        #expect(ServeCommand.address(host, 8080) == url)
    }
}
