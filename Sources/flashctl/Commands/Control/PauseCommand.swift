import ArgumentParser
import FlashSaleKit

/// What of a sale can stand still.
enum SalePart: String, ExpressibleByArgument, CaseIterable, Sendable {
    case checkout, purchase, all
}

/// `flashctl pause`
struct PauseCommand: EnvironmentCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Pauses checkouts, purchases or both, on all servers with the next batch.",
        usage: "flashctl pause [checkout|purchase|all] --reason <reason> [<options>]",
        discussion: """
            Checkouts unless something else is said: that stops new holds, and whoever has one can still pay. While \
            purchases are paused holds go on to lapse. Buyers are answered 503 'paused' with Retry-After. It lasts \
            until `flashctl resume`, over restarts of servers and Redis, and is recorded in control_log. A sale that \
            is made later is not paused.

            It needs Redis only, if the sale is given by its number (a server's GET /sale says it): while Postgres \
            is away, a Redis that was not started anew since is taken for the right one, and the record follows.

            Exit status: 0 paused, or paused already; 1 the sale is over or not open yet, 69 a store that is needed \
            is unreachable, 75 the sale is being recovered.

            Examples:
              flashctl pause --reason "wrong price on the banner"
              flashctl pause all --sale all --reason "incident 4711" -o json
              flashctl pause purchase --sale 12 --reason "payment is down" \\
                --dry-run
            """
    )

    @Argument(help: "What to pause: checkout, purchase or all.")
    var part = SalePart.checkout

    @OptionGroup var controlOptions: ControlOptions
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    var changesSomething: Bool { !controlOptions.dryRun }

    func run(in environment: CommandEnvironment) async throws {
        let operations: [ControlCall.Operation] =
            switch part {
            case .checkout: [.pauseCheckout]
            case .purchase: [.pausePurchase]
            case .all: [.pauseCheckout, .pausePurchase]
            }
        try await ControlRun(operations, controlOptions, environment).run(storeOptions, outputOptions)
    }
}
