import ArgumentParser
import FlashSaleKit

/// `flashctl verify`
struct VerifyCommand: EnvironmentCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Proves that nothing was oversold or lost: counts sales again, independently of what sells them.",
        usage: "flashctl verify [<options>]",
        discussion: """
            Compares Postgres, Redis and the journal between them, row by row, and names every sale, user, hold, unit \
            or step that disagrees. It only reads, and raises no false alarm while a sale runs. Without --sale: every \
            sale that is open. A sale of a million attempts takes some seconds; --quick leaves out the attempts of \
            such a sale, as the server does in the check it makes every minute. A finished sale is counted in \
            Postgres, which alone has it.

            Exit status: 0 everything holds, 69 Redis or Postgres unreachable, 75 a sale is being recovered (try \
            again), 98 a promise is broken.

            Examples:
              flashctl verify --local
              flashctl verify --sale 12 -o json
              flashctl verify --sale all --quick
            """
    )

    @Option(help: "Number of a sale, or current, or all, finished ones included.")
    var sale: [SaleArgument] = []

    @Flag(help: "Leave out the attempts of sales with more than 200,000 of them.")
    var quick = false

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    func run(in environment: CommandEnvironment) async throws {
        let configuration = try storeOptions.configuration(in: environment)
        let output = outputOptions.output(in: environment)
        let (report, trouble) = try await Stores.using(configuration, local: storeOptions.local, in: environment) {
            stores in
            try await stores.withBoth { redis, postgres in
                try await verify(redis, postgres)
            }
        }
        try output.write(report)
        // What was found weighs more than what could not be read.
        if let failure = report.failure, failure.status == .invariantViolated { throw failure }
        if let trouble { throw trouble }
        if let failure = report.failure { throw failure }
    }

    /// Counts all that can be counted, and returns the first error of the others.
    private func verify(
        _ redis: RedisClient,
        _ postgres: PostgresConnection
    ) async throws -> (report: VerifyReport, trouble: (any Error)?) {
        let verification = Verification(redis: redis, postgres: postgres)
        let wanted = try await sale.sales(verification, postgres)
        var report = VerifyReport()
        var trouble: (any Error)?
        for id in wanted {
            do {
                report.sales.append(try await verification.run(id, depth: quick ? .quick : .full))
            } catch {
                guard redis.isActive, postgres.isUsable, !(error is CancellationError) else {
                    if report.sales.isEmpty { throw error }
                    return (report, error)
                }
                trouble = trouble ?? error
            }
        }
        if let trouble, report.sales.isEmpty { throw trouble }
        return (report, trouble)
    }
}

extension [SaleArgument] {
    /// The sales that are to be looked at, the oldest first; without an argument those that are open.
    func sales(_ verification: Verification, _ postgres: PostgresConnection) async throws -> [SaleID] {
        if isEmpty { return try await verification.openSales() }
        var wanted: Set<SaleID> = []
        for argument in self {
            switch argument {
            case .number(let id): wanted.insert(id)
            case .current: wanted.insert(try await SaleFinder(postgres: postgres).current().id)
            case .all: wanted.formUnion(try await SaleStore(postgres: postgres).all(limit: 100_000).map(\.id))
            }
        }
        return wanted.sorted()
    }
}
