import ArgumentParser
import FlashSaleKit

/// `flashctl config show`
struct ConfigShowCommand: EnvironmentCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows the value of every setting as the server would have it.",
        usage: "flashctl config show [<options>]",
        discussion: """
            It takes the options of `flashctl serve`, reads the same environment and the same files, and touches no \
            store. Passwords are never shown. A setting that nobody knows is an error, with the nearest name.

            Exit status: 0 shown, 78 a setting is unknown or its value cannot be used; all the others are shown when \
            only an address is wrong.

            Examples:
              flashctl config show
              flashctl config show --origin
              PORT=3000 flashctl config show --origin --config sale.yaml --event-loops 2
              flashctl config show -o json
            """
    )

    @Flag(help: "Show where each value comes from, and which files were looked for.")
    var origin = false

    @OptionGroup var serveOptions: ServeOptions
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    func run(in environment: CommandEnvironment) async throws {
        let sources = storeOptions.sources(in: environment, flags: serveOptions.flags)
        let configuration = try FlashConfiguration(from: sources)
        let report = ConfigurationReport(
            configuration: configuration,
            sources: sources,
            local: storeOptions.local,
            showsOrigin: origin
        )
        try outputOptions.output(in: environment).write(report)
        // Shown all the same: where it comes from is what has to be known.
        if let failure = report.failure { throw failure }
    }
}
