import ArgumentParser
import FlashSaleKit

/// `flashctl unban`
struct UnbanCommand: EnvironmentCommand {
    static let configuration = CommandConfiguration(
        commandName: "unban",
        abstract: "Lets a banned user check out again.",
        usage: "flashctl unban <user> --reason <reason> [<options>]",
        discussion: """
            Exit status: 0 allowed again, or was not banned; 1 the sale is over or not open yet, 69 a store that is \
            needed is unreachable, 75 the sale is being recovered.

            Examples:
              flashctl unban alice --reason "it was a shared office"
              flashctl unban alice --sale 12 --reason "ticket 4712" -o json
            """
    )

    @Argument(help: "The user, 1 to 255 bytes without control characters.")
    var user: UserArgument

    @OptionGroup var controlOptions: ControlOptions
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    var changesSomething: Bool { !controlOptions.dryRun }

    func validate() throws { _ = try user.id() }

    func run(in environment: CommandEnvironment) async throws {
        try await ControlRun([try .unban(user: user.id())], controlOptions, environment).run(
            storeOptions,
            outputOptions
        )
    }
}
