import ArgumentParser
import FlashSaleKit
import Foundation
import Testing

@testable import flashctl

/// What commands say when a store is not there, and how settings reach the server.
@Suite struct StoresTests {
    private func failure(_ arguments: [String], _ environment: [String: String] = [:]) async throws -> CommandFailure {
        let command = try StatusCommand.parse(arguments)
        let collected = CollectingSink()
        let error = try await #require(throws: (any Error).self) {
            try await command.run(in: collected.environment(environment))
        }
        #expect(collected.data.isEmpty)
        return try #require(FailureReport.failure(for: error))
    }

    @Test func missingAddressesSayHowToGiveThem() async throws {
        let redis = try await failure([])
        #expect(redis.status == .badConfiguration)
        #expect(redis.message == "nobody says where Redis is")
        #expect(redis.nextStep?.contains("REDIS_URL") == true)
        let postgres = try await failure(["--redis", "127.0.0.1:1"])
        #expect(postgres.message == "nobody says where Postgres is")
        #expect(postgres.nextStep?.contains("--postgres") == true)
    }

    @Test func nobodyThereIs69WithTheAddresses() async throws {
        let command = try StatusCommand.parse([
            "--redis", "127.0.0.1:1", "--postgres", "postgres://u:secret@127.0.0.1:2/x",
        ])
        let collected = CollectingSink()
        await #expect(throws: SilentExit(.unreachable)) { try await command.run(in: collected.environment([:])) }
        let redis = "Redis cannot be asked: cannot connect to Redis at 127.0.0.1:1: Connection refused."
        #expect(collected.data.contains(redis), "\(collected.data)")
        #expect(!collected.data.contains("swift"))
        #expect(collected.data.contains("127.0.0.1:2"))
        #expect(!collected.data.contains("secret"))
    }

    /// The role is not there, or the database is not: neither helps to look whether Postgres runs.
    @Test func aRefusedLoginIs77AndAMissingDatabase78() async throws {
        try await CommandStack.with { stores in
            let url = stores.stack.postgresURL
            let nobody = url + (url.contains("?") ? "&" : "?") + "user=nobody_here"
            let nowhere = url + (url.contains("?") ? "&" : "?") + "dbname=nowhere"
            func run<Command: EnvironmentCommand>(
                _ type: Command.Type,
                _ postgres: String,
                _ arguments: String...
            ) async throws -> (status: Status, said: String) {
                let collected = CollectingSink()
                let addresses = ["--redis", stores.stack.redisURL, "--postgres", postgres]
                let command = try Command.parse(arguments + addresses)
                let error = try await #require(throws: (any Error).self) {
                    try await command.run(in: collected.environment())
                }
                let failure = FailureReport.failure(for: error)
                return (FailureReport.status(for: error), collected.data + "\(failure as Any)")
            }
            for (address, status) in [(nobody, Status.notAuthorised), (nowhere, .badConfiguration)] {
                #expect(try await run(MigrateCommand.self, address).status == status)
                #expect(try await run(StatusCommand.self, address).status == status)
                #expect(try await run(DoctorCommand.self, address).status == status)
                #expect(try await run(InspectUserCommand.self, address, "anna", "--sale", "1").status == status)
                #expect(try await run(PauseCommand.self, address, "--sale", "1", "--reason", "x").status == status)
            }
            let said = try await run(DoctorCommand.self, nobody).said
            #expect(said.contains("role \"nobody_here\" does not exist."), "\(said)")
            #expect(said.components(separatedBy: "the role must exist").count == 2, "the advice is given once: \(said)")
        }
    }

    @Test func unreadableAddressesAre78WithoutTheirPassword() async throws {
        let redis = try await failure([], ["REDIS_URL": "http://:secret@x", "POSTGRES_URL": "postgres://x"])
        #expect(redis.status == .badConfiguration)
        #expect(!"\(redis)".contains("secret"))
        let postgres = try await failure(["--redis", "x:1", "--postgres", "postgres://u:secret@[h/x"])
        #expect(postgres.status == .badConfiguration)
        #expect(!"\(postgres)".contains("secret"))
    }

    @Test func settingsReachTheServer() throws {
        let configuration = try StoreOptions.parse([
            "--redis", "redis:6379", "--postgres", "postgres://u@db/x", "--log-level", "debug",
        ]).configuration(
            in: CollectingSink().environment(["PORT": "9000", "FLASHCTL_HOURLY_STOCK": "5"]),
            flags: [.eventLoops: "3", .hourlyLimit: "2", .hourlyHold: "1m", .allowNoAOF: "true", .host: "::1"]
        )
        let stores = Stores(configuration: configuration, logger: CommandLogger.make(configuration), local: nil)
        let collected = CollectingSink()
        let options = try ServeCommand.options(stores, collected.environment().talkOutput)
        #expect(options.port == 9000)
        #expect(options.host == "::1")
        #expect(options.eventLoops == 3)
        #expect(options.allowNoAOF)
        #expect(options.rotate?.stock == 5)
        #expect(options.rotate?.userLimit == 2)
        #expect(options.rotate?.holdMilliseconds == 60_000)
        #expect(options.rotate?.test == false)
        #expect(stores.logger.logLevel == .debug)
        #expect(stores.handshakeOptions.allowNoAOF)
        options.onListening?("::1", 9000, nil)
        #expect(collected.talk == "listening on http://[::1]:9000\nno sale is open\n")
    }

    @Test func rotationCanBeLeftToCron() throws {
        let configuration = try StoreOptions.parse(["--redis", "a:1", "--postgres", "postgres://u@db/x"])
            .configuration(in: CollectingSink().environment(), flags: [.rotate: "false"])
        let stores = Stores(configuration: configuration, logger: CommandLogger.make(configuration), local: nil)
        #expect(try ServeCommand.options(stores, CollectingSink().environment().talkOutput).rotate == nil)
    }

    @Test func postgresErrorsHaveAStatus() {
        func status(_ code: PostgresError.Code) -> Status { FailureReport.status(for: PostgresError(code, "x")) }
        #expect(status(.invalidEndpoint) == .badConfiguration)
        #expect(status(.connectFailed) == .unreachable)
        #expect(status(.commitUnknown) == .unreachable)
        #expect(status(.cancelled) == .interrupted)
        #expect(status(.server(sqlState: "42501")) == .notAuthorised)
        #expect(status(.server(sqlState: "23505")) == .failure)
        #expect(status(.migration) == .failure)
    }
}
