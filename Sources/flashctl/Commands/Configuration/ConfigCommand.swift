import ArgumentParser

/// `flashctl config`
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Shows the settings, and where each comes from.",
        discussion: """
            Examples:
              flashctl config show
              flashctl config show --origin
            """,
        subcommands: [ConfigShowCommand.self],
        defaultSubcommand: ConfigShowCommand.self
    )
}
