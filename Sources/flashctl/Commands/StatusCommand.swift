import ArgumentParser
import FlashSaleKit

/// `flashctl status`
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows a sale: stock, attempts, purchases, and how far the journal has reached Postgres.",
        usage: "flashctl status [<options>]",
        discussion: """
            Without --sale: the sale that sells now, else the next one, else the last one. It only reads. Counting \
            millions of attempts takes seconds; --fast leaves that out.

            Examples:
              flashctl status --local
              flashctl status --sale 12 -o json
            """
    )

    @Option(help: "Number of the sale.")
    var sale: String?

    @Flag(help: "Do not count attempts and purchases in Postgres.")
    var fast = false

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if let sale, SaleID(sale) == nil { throw ValidationError("--sale takes the number of a sale, not '\(sale)'.") }
    }

    func run() async throws {
        try await run(in: .process)
    }

    /// Runs with everything of the process handed in.
    func run(in environment: CommandEnvironment) async throws {
        let configuration = try storeOptions.configuration(in: environment)
        let output = outputOptions.output(in: environment)
        let report = try await Stores.using(configuration, local: storeOptions.local) { stores in
            try await stores.withBoth { redis, postgres in
                let wanted = sale.flatMap { SaleID($0) }
                let reader = StatusReader(redis: redis, postgres: postgres)
                return try await reader.read(wanted, countsRecords: !fast)
            }
        }
        try output.write(report)
    }
}
