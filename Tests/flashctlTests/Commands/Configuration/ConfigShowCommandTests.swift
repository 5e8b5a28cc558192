import ArgumentParser
import FlashSaleKit
import Foundation
import Testing

@testable import flashctl

/// `flashctl config show`
@Suite(.serialized) struct ConfigShowCommandTests {
    private func show(
        _ arguments: [String],
        _ variables: [String: String] = [:],
        systemFolder: String = "/nonexistent",
        width: Int? = nil
    ) async throws -> (data: String, failure: CommandFailure?) {
        let collected = CollectingSink()
        let terminal = Terminal(isTerminal: width != nil, width: width)
        var environment = collected.environment(variables, dataTerminal: terminal)
        environment.systemFolder = systemFolder
        let command = try ConfigShowCommand.parse(arguments + ["--color", "never"])
        do {
            try await command.run(in: environment)
            return (collected.data, nil)
        } catch {
            return (collected.data, FailureReport.failure(for: error))
        }
    }

    private func settings(_ data: String) throws -> [String: [String: Any]] {
        let list = try #require(try json(data, "settings") as? [[String: Any]])
        return Dictionary(uniqueKeysWithValues: list.map { ($0["name"] as? String ?? "", $0) })
    }

    /// Without its second slash everything behind the scheme was taken for host and database.
    @Test(arguments: ["postgres:/f:s3cret@db/x", "f:s3cret@db/x", "postgres:s3cret/x", "postgres://f:s3/cret@db/x"])
    func aMistypedAddressShowsNoSecret(address: String) async throws {
        for format in ["table", "json"] {
            let outcome = try await show(["-o", format], ["POSTGRES_URL": address])
            #expect(outcome.failure?.status == .badConfiguration)
            #expect(!(outcome.data + "\(outcome)").contains("s3"), "\(outcome)")
        }
    }

    @Test func everySettingIsListedInTheOrderOfTheKeys() async throws {
        let data = try await show(["-o", "json"]).data
        let list = try #require(try json(data, "settings") as? [[String: Any]])
        #expect(list.compactMap { $0["name"] as? String } == SettingKey.allCases.map(\.rawValue))
        #expect(list.allSatisfy { $0["source"] as? String == "default" })
        let all = try settings(data)
        #expect(all["port"]?["value"] as? String == "8080")
        #expect(all["backlog-limit"]?["value"] as? String == "512MB")
        #expect(all["hourly.hold"]?["value"] as? String == "5m")
        #expect(all["rotate"]?["value"] as? String == "true")
        #expect(all["redis"]?["value"] is NSNull && all["redis"]?["secret"] as? Bool == true)
    }

    @Test func eachSourceYieldsToTheOneAboveAndIsNamed() async throws {
        try await withFolder { folder in
            try write("port: 1\nhourly:\n  stock: 5\n", to: folder + "/etc/config.yaml")
            try write("port: 2\nhost: 10.0.0.1\n", to: folder + "/xdg/flashctl/config.yml")
            try write("{\"port\": 3,\n \"event-loops\": 4}", to: folder + "/given.json")
            let variables = ["XDG_CONFIG_HOME": folder + "/xdg", "PORT": "4", "FLASHCTL_MEMORY_LIMIT": "70"]
            let arguments = ["--config", folder + "/given.json", "--port", "5", "--no-rotate", "-o", "json"]
            let data = try await show(arguments, variables, systemFolder: folder + "/etc").data
            let all = try settings(data)
            func expect(_ name: String, _ value: String, _ source: String, _ origin: String) {
                #expect(all[name]?["value"] as? String == value)
                #expect(all[name]?["source"] as? String == source)
                #expect(all[name]?["origin"] as? String == origin)
            }
            expect("port", "5", "flag", "--port")
            expect("rotate", "false", "flag", "--rotate")
            expect("memory-limit", "70", "environment", "environment variable FLASHCTL_MEMORY_LIMIT")
            expect("event-loops", "4", "file", folder + "/given.json:2")
            expect("host", "10.0.0.1", "file", folder + "/xdg/flashctl/config.yml:2")
            expect("hourly.stock", "5", "file", folder + "/etc/config.yaml:3")
            expect("hourly.limit", "10", "default", "default")
            let files = try #require(try json(data, "files") as? [[String: Any]])
            #expect(
                files.filter { $0["found"] as? Bool == true }.compactMap { $0["path"] as? String } == [
                    folder + "/given.json", folder + "/xdg/flashctl/config.yml", folder + "/etc/config.yaml",
                ]
            )
            #expect(files.count == 7)
        }
    }

    @Test(arguments: ["table", "json", "yaml", "ndjson"])
    func noFormatShowsASecret(format: String) async throws {
        for postgres in [
            "postgres://me:hunter2@db/shop?sslpassword=hunter2", "host=db user=me password=hunter2 sslkey=hunter2",
            "host=db password='hunter2 \\' x'",
        ] {
            let shown = try await show(
                ["--origin", "-o", format, "--redis", "rediss://me:hunter2@cache:1/2", "--postgres", postgres]
            )
            #expect(shown.failure == nil)
            #expect(!shown.data.contains("hunter2"))
            #expect(shown.data.contains("rediss://me:***@cache:1/2"))
            #expect(shown.data.contains("***@db/"))
        }
    }

    @Test func anAddressThatCannotBeUsedIsShownWithItsOriginAndEndsWith78() async throws {
        let shown = try await show(["--origin"], ["REDIS_URL": "redis://u:hunter2@"])
        #expect(shown.failure?.status == .badConfiguration)
        #expect(shown.failure?.message.hasPrefix("environment variable REDIS_URL: ") == true)
        #expect(shown.data.contains("redis            cannot be used  environment variable REDIS_URL"))
        #expect(!"\(shown)".contains("hunter2"))
    }

    @Test func unknownKeysAreErrorsWithASuggestion() async throws {
        let variable = try await show([], ["FLASHCTL_EVENT_LOOP": "2"])
        #expect(variable.failure?.status == .badConfiguration && variable.data.isEmpty)
        #expect(variable.failure?.nextStep == "did you mean FLASHCTL_EVENT_LOOPS?")
        try await withFolder { folder in
            try write("prot: 1\n", to: folder + "/config.yaml")
            let file = try await show([], systemFolder: folder)
            #expect(file.failure?.nextStep == "did you mean `port`?")
        }
    }

    @Test func thePrivateStoresAreNamed() async throws {
        let data = try await show(["--local", "--origin"], ["REDIS_URL": "cache:1"]).data
        #expect(data.contains("the private one of this machine  --local"))
        #expect(!data.contains("cache:1"))
    }

    @Test(arguments: [60, 80, 120])
    func theTableFits(width: Int) async throws {
        let long = "postgres://somebody:x@a-very-long-name-of-a-database-server.internal.example.com:5432/shop"
        let data = try await show(["--origin", "--postgres", long], ["HOME": "/nobody"], width: width).data
        let lines = data.split(separator: "\n")
        #expect(lines.filter { !$0.hasPrefix("Files") }.allSatisfy { DisplayWidth.of(String($0)) <= width })
        #expect(lines.contains { $0.hasPrefix("port             8080") })
        #expect(data.contains("not found"))
        #expect(!(try await show([], width: width).data).contains("origin"))
    }

    /// An option that exists in `serve` alone would not show.
    @Test func theOptionsAreThoseOfTheServer() throws {
        let arguments = [
            "--port", "1", "--host", "h", "--event-loops", "2", "--admin-port", "3", "--backlog-limit", "1MB",
            "--memory-limit", "50", "--trace-sample", "0.5", "--trace-file", "t", "--rotate", "--hourly-stock", "1",
            "--hourly-limit", "1", "--hourly-hold", "1m", "--allow-no-aof", "--redis", "r:1", "--postgres", "p:1",
            "--log-level", "debug", "--keep-finished", "1h", "--idle-time", "9m", "--shutdown-delay", "5s",
            "--header-field", "16kB",
            "--header-total", "64kB", "--header-count", "200",
        ]
        _ = try ServeCommand.parse(arguments)
        let command = try ConfigShowCommand.parse(arguments)
        let sources = command.storeOptions.sources(
            in: CollectingSink().environment(),
            flags: command.serveOptions.flags
        )
        // The folder of the private stores has no option.
        #expect(Set(sources.flags.keys) == Set(SettingKey.allCases).subtracting([.localDirectory]))
    }

    @Test func everyValueCouldBeGivenAsItIsShown() throws {
        let environment = CollectingSink().environment()
        let first = try FlashConfiguration(from: ConfigurationSources(environment: [:], systemFolder: "/nonexistent"))
        var flags: [SettingKey: String] = [:]
        for setting in first.settings { flags[setting.key] = try setting.shown() }
        let sources = ConfigurationSources(
            flags: flags,
            environment: environment.variables,
            systemFolder: "/nonexistent"
        )
        let second = try FlashConfiguration(from: sources)
        #expect(try first.settings.map { try $0.shown() } == second.settings.map { try $0.shown() })
        #expect(ByteText.exact(512 << 20) == "512MB" && ByteText.exact(65_537) == "65537B")
        #expect(ByteText.exact(0) == "0B" && ByteText.exact(3 << 30) == "3GB")
    }

    @Test func theGroupAloneShowsTheSettings() throws {
        #expect(try Flashctl.parseAsRoot(["config"]) is ConfigShowCommand)
        #expect(try Flashctl.parseAsRoot(["config", "show", "--origin"]) is ConfigShowCommand)
    }
}
