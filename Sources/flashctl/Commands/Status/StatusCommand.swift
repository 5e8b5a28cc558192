import ArgumentParser
import FlashSaleKit

/// `flashctl status`
struct StatusCommand: EnvironmentCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows a sale: stock, forecast, attempts, purchases, and how far the journal has reached Postgres.",
        usage: "flashctl status [<options>]",
        discussion: """
            Without --sale: the sale that sells now, else the next one, else the last one. It only reads. Counting \
            millions of attempts takes seconds; --fast and --watch leave that out. When one store is away it shows \
            what the other knows, and exits with 69.

            With --watch it looks again every two seconds until Ctrl-C: on a terminal in place, elsewhere one line a \
            look, or one record with -o ndjson. A store that goes away is shown, and it goes on.

            Exit status: 0 shown, 1 there is no such sale, 69 a store is unreachable, 77 a store refused the login, 78 \
            a setting or the schema cannot be used, 130 a watch was ended by Ctrl-C.

            Examples:
              flashctl status --local
              flashctl status --watch
              flashctl status --watch=10 -o ndjson >> sale.ndjson
              flashctl status --sale 12 -o json
            """
    )

    @Option(help: "Number of the sale, or current.", completion: LiveCompletion.oneSale)
    var sale = SaleArgument.current

    @Option(
        defaultAsFlag: WatchInterval.usual,
        parsing: .next,
        help: ArgumentHelp("Look again and again, every so many seconds, 0.1 to 3600.", valueName: "seconds")
    )
    var watch: WatchInterval?

    @Flag(help: "Do not count attempts and purchases in Postgres.")
    var fast = false

    @Flag(help: "Count attempts and purchases in Postgres, with --watch too.")
    var records = false

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        try watch?.validate()
        if sale == .all { throw ValidationError("--sale takes the number of one sale, or current.") }
        if fast, records { throw ValidationError("--fast and --records contradict each other.") }
    }

    func run(in environment: CommandEnvironment) async throws {
        let configuration = try storeOptions.configuration(in: environment)
        let output = outputOptions.output(in: environment)
        let look = StatusLook(
            sale: sale,
            countsRecords: records || (watch == nil && !fast),
            drawsBlocks: environment.showsUTF8,
            isBrief: watch != nil
        )
        try await Stores.using(configuration, local: storeOptions.local, in: environment, handlesSignals: watch != nil)
        {
            [watch] stores in
            // Without an address there is no store to be away.
            _ = try stores.redisEndpoint()
            _ = try stores.postgresEndpoint()
            try await StoreLinks.using(stores) { links in
                guard let watch else {
                    let report = try await look.report(links)
                    try output.write(report)
                    if report is HalfStatusReport { throw SilentExit(await links.statusOfAbsence) }
                    return
                }
                try await Watch(interval: watch.duration).run(in: environment, output) {
                    await links.renew()
                    return try await look.report(links)
                }
            }
        }
    }
}
