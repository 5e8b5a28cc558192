import ArgumentParser
import FlashSaleKit

/// `flashctl status`
struct StatusCommand: EnvironmentCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows a sale: stock, attempts, purchases, and how far the journal has reached Postgres.",
        usage: "flashctl status [<options>]",
        discussion: """
            Without --sale: the sale that sells now, else the next one, else the last one. It only reads. Counting \
            millions of attempts takes seconds; --fast leaves that out. When one store is away it shows what the other \
            knows, and exits with 69.

            Examples:
              flashctl status --local
              flashctl status --sale 12 -o json
            """
    )

    @Option(help: "Number of the sale.", completion: LiveCompletion.sales)
    var sale: String?

    @Flag(help: "Do not count attempts and purchases in Postgres.")
    var fast = false

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if let sale, SaleID(sale) == nil { throw ValidationError("--sale takes the number of a sale, not '\(sale)'.") }
    }

    func run(in environment: CommandEnvironment) async throws {
        let configuration = try storeOptions.configuration(in: environment)
        let output = outputOptions.output(in: environment)
        let wanted = sale.flatMap { SaleID($0) }
        let reading = try await Stores.using(configuration, local: storeOptions.local) { stores in
            try await read(wanted, stores)
        }
        switch reading {
        case .whole(let report): try output.write(report)
        case .half(let report):
            try output.write(report)
            throw SilentExit(.unreachable)
        }
    }

    /// What can be known at this moment.
    private enum Reading: Sendable {
        case whole(StatusReport)
        case half(HalfStatusReport)
    }

    private func read(_ wanted: SaleID?, _ stores: Stores) async throws -> Reading {
        // Without an address there is no store to be away.
        _ = try stores.redisEndpoint()
        _ = try stores.postgresEndpoint()
        return try await StoreLinks.using(stores) { links in
            let guards = await links.guards()
            if guards.reachedRedis, guards.reachedPostgres { return .whole(try await whole(wanted, links, guards)) }
            return .half(await half(wanted, links, guards))
        }
    }

    private func whole(_ wanted: SaleID?, _ links: StoreLinks, _ guards: GuardReport) async throws -> StatusReport {
        let postgres = try await links.postgres()
        try await Stores.requireSchema(postgres)
        let reader = StatusReader(postgres: postgres)
        var report = try await reader.read(wanted, redis: try await links.redis(), countsRecords: !fast)
        report.guards = guards
        return report
    }

    /// What the store that answers knows.
    private func half(_ wanted: SaleID?, _ links: StoreLinks, _ guards: GuardReport) async -> HalfStatusReport {
        var report = HalfStatusReport(guards: guards, at: HostClock.now)
        do {
            if guards.reachedPostgres {
                let finder = SaleFinder(postgres: try await links.postgres())
                let sale = if let wanted { try await finder.find(wanted) } else { try await finder.current() }
                report.sale = sale
                if !fast { report.record = try await SaleRecord.read(sale.id, from: try await links.postgres()) }
            }
            if guards.reachedRedis, let wanted {
                report.snapshot = try await StatusReader.snapshot(of: wanted, try await links.redis())
            }
        } catch {
            report.trouble = "\(error)"
        }
        return report
    }
}
