import ArgumentParser
import FlashSaleKit

/// `flashctl seed-sale`
struct SeedSaleCommand: EnvironmentCommand {
    static let configuration = CommandConfiguration(
        commandName: "seed-sale",
        abstract: "Creates a sale and opens it in Redis.",
        discussion: """
            The same sale again changes nothing and ends with 0; another one with the same start is explained and ends \
            with 1. A sale sells between its start and its end, by the clock of Redis. Its start is a word (--start) \
            or a time (--at).

            Terms are never changed. With --replace a sale with the same start and other terms gives way, if nobody \
            has tried to get a unit of it: it is withdrawn and kept on record, and the new one takes its start. That \
            cannot be undone: on a terminal the number of the old sale is typed, off it --confirm must name it.

            Exit status: 0 it is there, 1 another one is there or cannot be replaced, 2 declined, 64 terms that cannot \
            be sold, or nobody could be asked, 69 a store is unreachable, 75 another process opens or recovers sales.

            Examples:
              flashctl seed-sale --name "Desk lamp" --start next-hour \\
                --image-url https://example.com/lamp.png
              flashctl seed-sale --name Lamp --image-url https://example.com/l.png \\
                --at 2026-12-24T18:00:00+01:00 --duration 90m --hold 3m \\
                --stock 500 --limit 2 --local
              flashctl seed-sale --name Lamp --image-url https://example.com/l.png \\
                --at 2026-12-24T18:00:00+01:00 --stock 600 --replace --dry-run
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

    @Option(help: "When it opens, in a word: this-hour (the default), next-hour or now.")
    var start: SaleStart?

    @Option(help: "When it opens, as an exact time, e.g. 2026-12-24T18:00:00Z.")
    var at: TimeArgument?

    @Option(help: "How long it sells, e.g. 1h or 90m.")
    var duration = DurationArgument(milliseconds: 3_600_000)

    @Option(help: "How long an unpaid hold lasts, 1s to 24h.")
    var hold = DurationArgument(milliseconds: 300_000)

    @Flag(help: "Mark it as a test sale. Sales of --local always are.")
    var test = false

    @Flag(help: "Withdraw an unused sale that has the same start and other terms.")
    var replace = false

    @Option(help: "The number of the sale that is replaced, as consent.")
    var confirm: String?

    @Flag(help: "Only say what would be created or replaced.")
    var dryRun = false

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        try duration.validate("--duration")
        try hold.validate("--hold")
        if start != nil, at != nil { throw ValidationError("Give the start once: a word with --start, or --at.") }
        if confirm != nil, !replace { throw ValidationError("--confirm belongs to --replace.") }
    }

    var changesSomething: Bool { !dryRun }

    func run(in environment: CommandEnvironment) async throws {
        // Everything that can be told without a store is told before one is touched.
        try SeedSaleCommand.check(terms(at: Timestamp(seconds: 0), test: test))
        let configuration = try storeOptions.configuration(in: environment)
        let output = outputOptions.output(in: environment)
        let report = try await Stores.using(configuration, local: storeOptions.local, in: environment) { stores in
            try await stores.withBoth { redis, postgres in
                try await seed(stores, redis, postgres, environment)
            }
        }
        try output.write(report)
        if report.isRefused { throw SilentExit(.failure) }
        if case .planned(.replace(let sale, _, _, let obstacle?)) = report.result {
            throw SeedPlan.refusal(sale, obstacle)
        }
    }

    private func seed(
        _ stores: Stores,
        _ redis: RedisClient,
        _ postgres: PostgresConnection,
        _ environment: CommandEnvironment
    ) async throws -> SeedReport {
        // A validation may recover sales: a plan does without it.
        if !dryRun {
            _ = try await Handshake(redis: redis, postgres: postgres, options: stores.handshakeOptions).validate()
        }
        let now = try await SaleStore(postgres: postgres).now()
        let terms = terms(at: now, test: test || stores.local != nil)
        let plan = try await SeedPlan.make(terms, replacing: replace, redis: redis, postgres: postgres)
        if dryRun { return SeedReport(result: .planned(plan)) }
        let opener = SaleOpener(redis: redis, postgres: postgres)
        switch plan {
        case .create(let terms): return try await create(SaleStore(postgres: postgres).seed(terms), opener)
        case .same(let sale): return try await create(.same(sale), opener)
        case .differs(let sale, let differences): return SeedReport(result: .differs(sale, differences))
        case .replace(let sale, _, _, let obstacle?): throw SeedPlan.refusal(sale, obstacle)
        case .replace(let sale, let differences, let terms, nil):
            // Whoever is asked sees the plan first.
            try await Confirmation(
                consequence: "withdraws and replaces",
                sale: sale.id,
                given: confirm,
                plan: SeedReport(result: .planned(plan)).sections
            )
            .obtain(in: environment)
            let who = environment.operatorName
            let withdrawal = SaleWithdrawal(redis: redis, postgres: postgres, who: who)
            let report = try await create(try await withdrawal.replace(sale, with: terms), opener)
            guard case .created(let new) = report.result else { return report }
            return SeedReport(result: .replaced(sale.id, differences, new))
        }
    }

    /// Opens the sale in Redis, unless it is open already or over.
    private func create(_ result: SeedResult, _ opener: SaleOpener) async throws -> SeedReport {
        func opened(_ sale: Sale) async throws -> Sale {
            sale.finishedAt == nil && sale.epoch == nil ? try await opener.open(sale) : sale
        }
        switch result {
        case .created(let sale): return SeedReport(result: .created(try await opened(sale)))
        case .same(let sale): return SeedReport(result: .same(try await opened(sale)))
        case .differs(let sale, let differences): return SeedReport(result: .differs(sale, differences))
        }
    }

    func terms(at now: Timestamp, test: Bool) -> SaleTerms {
        let opensAt = at?.time ?? (start ?? .thisHour).time(at: now)
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
