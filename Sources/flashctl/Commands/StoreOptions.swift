import ArgumentParser
import FlashSaleKit

/// Where Redis and Postgres are, and which configuration counts.
struct StoreOptions: ParsableArguments {
    @Flag(help: "Use the private Redis and Postgres of this machine; start them when they do not run.")
    var local = false

    @Option(help: "Folder of the private stores.", completion: .directory)
    var localDirectory: String?

    @Option(help: "Redis, as host:port, redis://, rediss:// or unix:// URL. Default: $REDIS_URL.")
    var redis: String?

    @Option(help: "Postgres, as any libpq URL. Default: $POSTGRES_URL.")
    var postgres: String?

    @Option(help: "Configuration file, YAML or JSON.", completion: .file(extensions: ["yaml", "yml", "json"]))
    var config: String?

    @Option(help: "Lowest level that is logged: trace, debug, info, notice, warning, error, critical.")
    var logLevel: String?

    /// The same options as words.
    var words: [String] {
        var words = local ? ["--local"] : []
        let values: [(name: String, value: String?)] = [
            ("--local-directory", localDirectory), ("--redis", redis), ("--postgres", postgres), ("--config", config),
            ("--log-level", logLevel),
        ]
        for case (let name, let value?) in values { words += [name, value] }
        return words
    }

    func validate() throws {
        if local, redis != nil || postgres != nil {
            throw ValidationError("--local brings its own Redis and Postgres: leave out --redis and --postgres.")
        }
    }

    /// All settings, with these options and the given ones on top.
    func configuration(
        in environment: CommandEnvironment,
        flags: [SettingKey: String?] = [:]
    ) throws(ConfigurationError) -> FlashConfiguration {
        try FlashConfiguration(from: sources(in: environment, flags: flags))
    }

    /// What they are read from, with these options and the given ones on top.
    func sources(in environment: CommandEnvironment, flags: [SettingKey: String?] = [:]) -> ConfigurationSources {
        var given = flags
        given[.redis] = redis
        given[.postgres] = postgres
        given[.logLevel] = logLevel
        given[.localDirectory] = localDirectory
        return ConfigurationSources(
            flags: given.compactMapValues(\.self),
            environment: environment.variables,
            file: config,
            systemFolder: environment.systemFolder
        )
    }
}
