import ArgumentParser
import FlashSaleKit
import flashserve

/// `flashctl serve`
struct ServeCommand: EnvironmentCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serves the public HTTP API until it is stopped.",
        discussion: """
            Ctrl-C or SIGTERM stops it without losing anything: it finishes what it has begun, writes the journal to \
            Postgres, and ends with 0. With --local it starts a private Redis and Postgres, and stops them with itself.

            Exit status: 0 stopped by Ctrl-C or SIGTERM, 1 it cannot listen, or not all of the journal reached \
            Postgres, 64 wrong arguments, 69 a store is unreachable, 75 another process recovers or starts the private \
            stores, 77 a store refused the login, 78 a setting, Redis or the schema cannot be used.

            Examples:
              flashctl serve --local
              PORT=3000 REDIS_URL=redis:6379 POSTGRES_URL=postgres://flash@db/flash \\
                flashctl serve
            """
    )

    @OptionGroup var serveOptions: ServeOptions
    @OptionGroup var storeOptions: StoreOptions

    var changesSomething: Bool { true }

    func run(in environment: CommandEnvironment) async throws {
        let configuration = try storeOptions.configuration(in: environment, flags: serveOptions.flags)
        let output = environment.talkOutput
        let manager = ServiceManager(variables: environment.variables)
        try await Stores.using(configuration, local: storeOptions.local, in: environment, handlesSignals: true) {
            stores in
            var options = try ServeCommand.options(stores, output)
            options.serviceManager = manager
            try await FlashServer.run(options, logger: stores.logger)
        }
    }

    static func options(_ stores: Stores, _ output: Output) throws -> ServerOptions {
        let configuration = stores.configuration
        var options = ServerOptions(redis: try stores.redisEndpoint(), postgres: try stores.postgresEndpoint())
        options.host = configuration.host.value
        options.port = configuration.port.value
        options.eventLoops = configuration.eventLoops.value
        options.adminPort = configuration.adminPort.value == 0 ? nil : configuration.adminPort.value
        // Who asks for a port wants it; the default may be taken by another server of this machine.
        options.adminPortIsRequired = configuration.adminPort.origin != .builtIn
        options.idleMilliseconds = configuration.idleTimeMilliseconds.value
        options.shutdownDelayMilliseconds = configuration.shutdownDelayMilliseconds.value
        options.headerLimits.field = configuration.headerField.value
        options.headerLimits.total = configuration.headerTotal.value
        options.headerLimits.count = configuration.headerCount.value
        options.backlogLimit = configuration.backlogLimit.value
        options.memoryLimit = configuration.memoryLimit.value
        options.allowNoAOF = configuration.allowNoAOF.value
        options.rotate = configuration.rotate.value ? stores.hourlyTerms : nil
        options.keyRetention = stores.keyRetention
        options.tracing = try ServeCommand.tracing(configuration)
        options.onAdminListening = { port in
            output.say("live page: http://127.0.0.1:\(port)/ (metrics: /metrics)")
        }
        options.build = ServerBuild(
            version: Flashctl.version,
            revision: BuildInfo.revision,
            swift: BuildInfo.swift
        )
        let local = stores.local.map { [("psql", $0.psqlCommand), ("redis-cli", $0.redisCLICommand)] } ?? []
        options.onListening = { host, port, sale in
            output.say("listening on \(ServeCommand.address(host, port))", style: .bold)
            if ["0.0.0.0", "::"].contains(host) { output.say("and on every other address of this machine") }
            output.say(sale.map(ServeCommand.line) ?? "no sale is open")
            for (name, command) in local { output.say("\(name): \(command)") }
        }
        return options
    }

    /// A URL that can be opened on this machine: an address that stands for all of them cannot.
    static func address(_ host: String, _ port: Int) -> String {
        switch host {
        case "0.0.0.0": "http://127.0.0.1:\(port)"
        case "::": "http://[::1]:\(port)"
        default: "http://\(host.contains(":") ? "[\(host)]" : host):\(port)"
        }
    }

    /// Nil while nothing is recorded.
    static func tracing(_ configuration: FlashConfiguration) throws -> TracingOptions? {
        guard configuration.traceSample.value > 0 else { return nil }
        guard let file = configuration.traceFile?.value else {
            throw ConfigurationError(
                .missing,
                "\(configuration.traceSample.origin): requests are to be recorded, but no file is named for it",
                nextStep: "give --trace-file FILE, or --trace-sample 0"
            )
        }
        return TracingOptions(share: configuration.traceSample.value, file: file)
    }

    private static func line(_ sale: Sale) -> String {
        "open: sale \(sale.id), \(DisplayWidth.harmless(sale.terms.itemName)), "
            + "\(NumberText.counted(sale.terms.stock, "unit")) until \(sale.terms.closesAt.rfc3339)"
    }
}
