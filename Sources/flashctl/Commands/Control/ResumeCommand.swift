import ArgumentParser
import FlashSaleKit

/// `flashctl resume`
struct ResumeCommand: EnvironmentCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Resumes checkouts, purchases or both, on all servers with the next batch.",
        usage: "flashctl resume [checkout|purchase|all] --reason <reason> [<options>]",
        discussion: """
            Checkouts unless something else is said, as `flashctl pause`. What is still paused afterwards is said.

            Exit status: 0 resumed, or was not paused; 1 the sale is over or not open yet, 69 a store that is needed \
            is unreachable, 75 the sale is being recovered.

            Examples:
              flashctl resume --reason "the banner is right"
              flashctl resume all --sale all --reason "incident 4711 is over"
            """
    )

    @Argument(help: "What to resume: checkout, purchase or all.")
    var part = SalePart.checkout

    @OptionGroup var controlOptions: ControlOptions
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    var changesSomething: Bool { !controlOptions.dryRun }

    func run(in environment: CommandEnvironment) async throws {
        let operations: [ControlCall.Operation] =
            switch part {
            case .checkout: [.resumeCheckout]
            case .purchase: [.resumePurchase]
            // Who may pay first: a buyer with a hold loses time.
            case .all: [.resumePurchase, .resumeCheckout]
            }
        try await ControlRun(operations, controlOptions, environment).run(storeOptions, outputOptions)
    }
}
