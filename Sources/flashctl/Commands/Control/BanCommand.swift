import ArgumentParser
import FlashSaleKit

/// `flashctl ban`
struct BanCommand: EnvironmentCommand {
    static let configuration = CommandConfiguration(
        commandName: "ban",
        abstract: "Refuses every checkout of a user, on all servers with the next batch.",
        usage: "flashctl ban <user> --reason <reason> [<options>]",
        discussion: """
            The user is answered 403 'banned'. What the user holds can still be paid, what was bought stays. A ban \
            counts for one sale: --sale all bans from every sale that is not over, the next hour included.

            Exit status: 0 banned, or banned already; 1 the sale is over or not open yet, 69 a store that is needed \
            is unreachable, 75 the sale is being recovered.

            Examples:
              flashctl ban bot-17 --reason "200 accounts from one address"
              flashctl ban bot-17 --sale all --reason "ticket 4711"
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
        try await ControlRun([try .ban(user: user.id())], controlOptions, environment).run(storeOptions, outputOptions)
    }
}
