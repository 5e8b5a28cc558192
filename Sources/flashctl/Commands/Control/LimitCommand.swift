import ArgumentParser
import FlashSaleKit

/// `flashctl limit`
struct LimitCommand: EnvironmentCommand {
    static let configuration = CommandConfiguration(
        commandName: "limit",
        abstract: "Lowers the limit per user of a sale, on all servers with the next batch.",
        usage: "flashctl limit <units> --reason <reason> [<options>]",
        discussion: """
            A limit is never raised again: Postgres keeps the ceiling of the sale, and a lowered one stays low. What \
            users hold or have bought above it stays theirs. It cannot be undone: on a terminal the number of the \
            sale is typed, off it --confirm must name it.

            Exit status: 0 lowered, or so already; 1 it would be a raise, or the sale is over; 2 declined, 64 nobody \
            could be asked, 69 a store that is needed is unreachable, 75 the sale is being recovered.

            Examples:
              flashctl limit 2 --reason "resellers" --dry-run
              flashctl limit 2 --reason "resellers" --sale 12 --confirm=12
            """
    )

    @Argument(help: "Units that one user may hold and buy together from now on, 1 to 1,000,000.")
    var units: Int

    @Option(help: "The number of the sale, as consent.")
    var confirm: String?

    @OptionGroup var controlOptions: ControlOptions
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        guard (1...1_000_000).contains(units) else { throw ValidationError("A limit is 1 to 1,000,000 units.") }
        if controlOptions.sale == .all { throw ValidationError("A limit is lowered for one sale: give its number.") }
    }

    var changesSomething: Bool { !controlOptions.dryRun }

    func run(in environment: CommandEnvironment) async throws {
        var run = ControlRun([.lowerLimit(units)], controlOptions, environment)
        run.consent = { [units, confirm] sale, plan in
            try await Confirmation(
                consequence: "lowers the limit per user to \(units) for good in",
                sale: sale,
                given: confirm,
                plan: plan
            )
            .obtain(in: environment)
        }
        try await run.run(storeOptions, outputOptions)
    }
}
