import ArgumentParser
import FlashSaleKit

/// `flashctl seed-sale`
struct SeedSaleCommand: EnvironmentCommand {
    static let configuration = CommandConfiguration(
        commandName: "seed-sale",
        abstract: "Creates a sale and opens it in Redis.",
        discussion: """
            The same sale again changes nothing and ends with 0; another one with the same start is explained and ends \
            with 1. A sale sells between its start and its end, by the clock of Redis.

            Examples:
              flashctl seed-sale --name "Desk lamp" --start next-hour \\
                --image-url https://example.com/lamp.png
              flashctl seed-sale --name Lamp --image-url https://example.com/l.png \\
                --start 2026-12-24T18:00:00+01:00 --duration 90m --hold 3m \\
                --stock 500 --limit 2 --local
            """
    )

    @Option(help: "Name of the item, 1 to 200 characters.")
    var name: String

    @Option(name: .customLong("image-url"), help: "URL of its picture, 1 to 2000 characters.")
    var imageURL: String

    @Option(help: "Units for sale, 1 to 10,000,000.")
    var stock = 10_000

    @Option(help: "Units that one user may hold and buy together, 1 to 1,000,000.")
    var limit = 10

    @Option(help: "When it opens: this-hour, next-hour, now, or a time as 2026-12-24T18:00:00Z.")
    var start = SaleStart.thisHour

    @Option(help: "How long it sells, e.g. 1h or 90m.")
    var duration = DurationArgument(milliseconds: 3_600_000)

    @Option(help: "How long an unpaid hold lasts, 1s to 24h.")
    var hold = DurationArgument(milliseconds: 300_000)

    @Flag(help: "Mark it as a test sale. Sales of --local always are.")
    var test = false

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    func run(in environment: CommandEnvironment) async throws {
        // Everything that can be told without a store is told before one is touched.
        try SeedSaleCommand.check(terms(at: Timestamp(seconds: 0), test: test))
        let configuration = try storeOptions.configuration(in: environment)
        let output = outputOptions.output(in: environment)
        let report = try await Stores.using(configuration, local: storeOptions.local) { stores in
            try await stores.withBoth { redis, postgres in
                try await seed(stores, redis, postgres)
            }
        }
        try output.write(report)
        if case .differs = report.result { throw SilentExit(.failure) }
    }

    private func seed(
        _ stores: Stores,
        _ redis: RedisClient,
        _ postgres: PostgresConnection
    ) async throws -> SeedReport {
        _ = try await Handshake(redis: redis, postgres: postgres, options: stores.handshakeOptions).validate()
        let store = SaleStore(postgres: postgres)
        let now = try await store.now()
        let terms = terms(at: now, test: test || stores.local != nil)
        if terms.closesAt <= now, try await !exists(terms, in: store) {
            throw CommandFailure(
                .usage,
                "the sale would have been over since \(terms.closesAt.rfc3339)",
                nextStep: "give a later --start or a longer --duration"
            )
        }
        let result = try await store.seed(terms)
        switch result {
        case .created(let sale), .same(let sale):
            guard sale.finishedAt == nil, sale.epoch == nil else { return SeedReport(result: result) }
            let opened = try await SaleOpener(redis: redis, postgres: postgres).open(sale)
            return SeedReport(result: result.withSale(opened))
        case .differs: return SeedReport(result: result)
        }
    }

    /// A sale of the past is only looked up, so that provisioning may be repeated after its end.
    private func exists(_ terms: SaleTerms, in store: SaleStore) async throws -> Bool {
        try await store.all(limit: 10_000).contains { !$0.terms.hourly && $0.terms.opensAt == terms.opensAt }
    }

    func terms(at now: Timestamp, test: Bool) -> SaleTerms {
        let opensAt = start.time(at: now)
        return SaleTerms(
            itemName: name,
            imageURL: imageURL,
            stock: stock,
            userLimit: limit,
            holdMilliseconds: hold.milliseconds,
            opensAt: opensAt,
            closesAt: opensAt.adding(milliseconds: duration.milliseconds),
            hourly: false,
            test: test
        )
    }

    private static func check(_ terms: SaleTerms) throws(CommandFailure) {
        let problems = terms.validate()
        guard !problems.isEmpty else { return }
        throw CommandFailure(
            .usage,
            "such a sale cannot be sold: \(problems.joined(separator: "; "))",
            nextStep: "see `flashctl help seed-sale`"
        )
    }
}

extension SeedResult {
    /// The same result with the sale as it is now.
    fileprivate func withSale(_ sale: Sale) -> SeedResult {
        switch self {
        case .created: .created(sale)
        case .same: .same(sale)
        case .differs(_, let differences): .differs(sale, differences)
        }
    }
}
