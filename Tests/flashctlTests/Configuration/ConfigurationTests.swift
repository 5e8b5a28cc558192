import Testing

@testable import FlashSaleKit
@testable import flashctl

@Suite(.serialized) struct ConfigurationTests {
    private func load(
        flags: [SettingKey: String] = [:],
        environment: [String: String] = [:],
        file: String? = nil,
        systemFolder: String = "/nonexistent"
    ) throws(ConfigurationError) -> FlashConfiguration {
        try FlashConfiguration(
            from: ConfigurationSources(
                flags: flags,
                environment: environment,
                file: file,
                systemFolder: systemFolder
            )
        )
    }

    @Test func nothingSetGivesTheDefaults() throws {
        let configuration = try load()
        #expect(configuration.redis == nil)
        #expect(configuration.postgres == nil)
        #expect(configuration.port == Setting(8080, origin: .builtIn))
        #expect(configuration.logLevel.value == .info)
        #expect(configuration.hourlyStock.value == 10_000)
        #expect(configuration.hourlyLimit.value == 10)
        #expect(configuration.hourlyHoldMilliseconds.value == 300_000)
        #expect(configuration.rotate.value)
        #expect(!configuration.allowNoAOF.value)
        #expect(configuration.idleTimeMilliseconds.value == 75_000)
        #expect(configuration.shutdownDelayMilliseconds.value == 0)
        #expect(configuration.headerField.value == 8192)
        #expect(configuration.headerTotal.value == 32_768)
        #expect(configuration.headerCount.value == 100)
    }

    @Test func eachSourceYieldsToTheOneAbove() async throws {
        try await withFolder { folder in
            let system = folder + "/etc"
            let user = folder + "/xdg/flashctl/config.yaml"
            let given = folder + "/given.json"
            try write("port: 1\n", to: system + "/config.yml")
            var environment = ["XDG_CONFIG_HOME": folder + "/xdg"]
            func port(_ flags: [SettingKey: String] = [:], file: String? = nil) throws -> Setting<Int> {
                try load(flags: flags, environment: environment, file: file, systemFolder: system).port
            }
            #expect(try port() == Setting(1, origin: .file(path: system + "/config.yml", line: 1)))
            try write("# mine\nport: 2\n", to: user)
            #expect(try port() == Setting(2, origin: .file(path: user, line: 2)))
            try write("{\n  \"port\": 3\n}\n", to: given)
            #expect(try port(file: given) == Setting(3, origin: .file(path: given, line: 2)))
            environment["PORT"] = "4"
            #expect(try port(file: given) == Setting(4, origin: .environment("PORT")))
            #expect(try port([.port: "5"], file: given) == Setting(5, origin: .flag("--port")))
        }
    }

    @Test func theEnvironmentOfTheOriginalWorks() throws {
        let configuration = try load(environment: [
            "PORT": "3000", "LOG_LEVEL": "WARN", "REDIS_URL": "redis:6379", "POSTGRES_URL": "postgres://u:p@db/sale",
        ])
        #expect(configuration.port.value == 3000)
        #expect(configuration.logLevel.value == .warning)
        #expect(configuration.redis?.value == "redis:6379")
        #expect(configuration.postgres?.value == "postgres://u:p@db/sale")
    }

    @Test func anEmptyVariableIsNotSet() throws {
        #expect(try load(environment: ["PORT": "", "REDIS_URL": ""]).port.origin == .builtIn)
    }

    @Test func groupsAreReadFromFilesFlagsAndVariables() async throws {
        try await withFolder { folder in
            try write("hourly:\n  stock: 500\n  hold: 90s\n", to: folder + "/config.yaml")
            let configuration = try load(
                flags: [.hourlyLimit: "3"],
                environment: ["FLASHCTL_HOURLY_STOCK": "600"],
                systemFolder: folder
            )
            #expect(configuration.hourlyStock == Setting(600, origin: .environment("FLASHCTL_HOURLY_STOCK")))
            #expect(configuration.hourlyHoldMilliseconds.value == 90_000)
            #expect(configuration.hourlyHoldMilliseconds.origin == .file(path: folder + "/config.yaml", line: 3))
            #expect(configuration.hourlyLimit.origin == .flag("--hourly-limit"))
        }
    }

    @Test(arguments: [
        ("prot: 1\n", ConfigurationError.Code.unknownKey, ":1: there is no setting `prot`", "did you mean `port`?"),
        ("port: 1\nhourly:\n  stok: 1\n", .unknownKey, ":3: there is no setting `hourly.stok`", "`hourly.stock`"),
        ("zzzzzzzzzzzz: 1\n", .unknownKey, "zzzzzzzzzzzz", "the settings are: redis, postgres"),
        ("port: [1, 2]\n", .badValue, ":1: port takes a single value", "`port: value`"),
        ("hourly: 1\n", .unknownKey, "no setting `hourly`", ""),
        ("port: 70000\n", .badValue, ":1: the value `70000` of port", "from 0 to 65535"),
        ("rotate: maybe\n", .badValue, "`maybe`", "true or false"),
        ("log-level: loud\n", .badValue, "`loud`", "one of trace, debug"),
        ("hourly: {hold: 25h}\n", .badValue, "`25h`", "from 1s to 24h"),
        ("idle-time: 75\n", .badValue, "`75` of idle-time", "from 1s to 24h, e.g. 75s"),
        ("shutdown-delay: 6m\n", .badValue, "`6m`", "from 0s to 5m"),
        ("header: {field: 65kB}\n", .badValue, "`65kB` of header.field", "from 1kB to 64kB"),
        ("header: {total: 1kB}\n", .badValue, "`1kB` of header.total", "from 4kB to 256kB"),
        ("header: {count: 19}\n", .badValue, "`19` of header.count", "from 20 to 1000"),
        ("event-loops: 0\n", .badValue, "`0`", "from 1 to 64"),
        ("host: ''\n", .badValue, "of host", "not empty"),
        ("- port\n", .syntax, "does not hold settings", "key: value"),
        ("port: 1\nport: 2\n", .syntax, "neither YAML nor JSON", "correct the line"),
        ("{\"port\": ", .syntax, "neither YAML nor JSON", "correct the line"),
    ])
    func aBadFileSaysWhatAndWhere(
        text: String,
        code: ConfigurationError.Code,
        message: String,
        nextStep: String
    ) async throws {
        try await withFolder { folder in
            let path = folder + "/config.yaml"
            try write(text, to: path)
            let error = try #require(throws: ConfigurationError.self) { try load(file: path) }
            #expect(error.code == code)
            #expect(error.message.contains(path))
            #expect(error.message.contains(message))
            #expect(nextStep.isEmpty || error.nextStep.contains(nextStep))
            #expect(FailureReport.status(for: error) == .badConfiguration)
        }
    }

    @Test func aMissingFileOfTheCommandLineIsAnError() throws {
        let error = try #require(throws: ConfigurationError.self) { try load(file: "/nonexistent/config.yaml") }
        #expect(error.code == .unreadable)
        #expect(error.message.contains("No such file"))
    }

    @Test func aFolderIsNoFile() throws {
        let error = try #require(throws: ConfigurationError.self) { try load(file: "/tmp") }
        #expect(error.code == .unreadable)
        #expect(error.message.contains("Is a directory"))
    }

    @Test func hugeAndBinaryFilesAreRefused() async throws {
        try await withFolder { folder in
            try write(String(repeating: "# comment\n", count: 30_000), to: folder + "/huge.yaml")
            #expect(
                try #require(throws: ConfigurationError.self) { try load(file: folder + "/huge.yaml") }.code == .syntax
            )
            #expect(try #require(throws: ConfigurationError.self) { try load(file: BuiltBinary.path) }.code == .syntax)
        }
    }

    @Test func anEmptyFileSetsNothing() async throws {
        try await withFolder { folder in
            try write("# only a comment\n", to: folder + "/config.yaml")
            #expect(try load(systemFolder: folder).port.origin == .builtIn)
        }
    }

    @Test func twoFilesInOneFolderAreAnError() async throws {
        try await withFolder { folder in
            try write("port: 1\n", to: folder + "/config.yaml")
            try write("{}", to: folder + "/config.json")
            let error = try #require(throws: ConfigurationError.self) { try load(systemFolder: folder) }
            #expect(error.message.contains("config.yaml and "))
        }
    }

    @Test func aMisspelledVariableIsAnError() throws {
        let error = try #require(throws: ConfigurationError.self) {
            try load(environment: ["FLASHCTL_EVENT_LOOP": "2"])
        }
        #expect(error.code == .unknownKey)
        #expect(error.nextStep == "did you mean FLASHCTL_EVENT_LOOPS?")
    }

    @Test func noMessageShowsAPassword() throws {
        // The only bad value of a secret is the empty one; any other text is for the stores to judge.
        let error = try #require(throws: ConfigurationError.self) { try load(flags: [.postgres: ""]) }
        #expect(!error.message.contains("`"))
        #expect(SettingKey.allCases.filter(\.isSecret) == [.redis, .postgres])
    }

    @Test func aRelativeXDGFolderIsIgnored() {
        let sources = ConfigurationSources(environment: ["XDG_CONFIG_HOME": "relative", "HOME": "/nobody"])
        #expect(sources.userFolder == "/nobody/.config/flashctl")
        #expect(ConfigurationSources(environment: [:]).userFolder == nil)
        #expect(ConfigurationSources(environment: ["HOME": ""]).userFolder == nil)
    }

    @Test func namesOfFlagsAndVariablesFollowFromTheKey() {
        #expect(SettingKey.hourlyStock.flag == "--hourly-stock")
        #expect(SettingKey.hourlyStock.environmentVariable == "FLASHCTL_HOURLY_STOCK")
        #expect(SettingKey.allowNoAOF.environmentVariable == "FLASHCTL_ALLOW_NO_AOF")
        #expect(Set(SettingKey.allCases.map(\.environmentVariable)).count == SettingKey.allCases.count)
    }

    @Test func originsAreReadable() {
        #expect("\(SettingOrigin.builtIn)" == "default")
        #expect("\(SettingOrigin.flag("--port"))" == "--port")
        #expect("\(SettingOrigin.environment("PORT"))" == "environment variable PORT")
        #expect("\(SettingOrigin.file(path: "/a", line: 3))" == "/a:3")
    }
}
