import ArgumentParser
import FlashSaleKit

/// `flashctl inspect-user`
struct InspectUserCommand: EnvironmentCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect-user",
        abstract: "Shows how a user stands: holds, purchases, quota, bans, attempts, and whether the stores agree.",
        usage: "flashctl inspect-user <user> [<options>]",
        discussion: """
            It only reads, by keys and indexes: it takes as long for ten million attempts as for ten, and may be used \
            under full load. Postgres, Redis and the journal between them are compared as `verify` does; a difference \
            is named. When one store is away it shows what the other knows.

            With --watch it shows this again and again until Ctrl-C: on a terminal in the same place, elsewhere one \
            line a look. What is wrong is said each time.

            Exit status: 0 shown, 1 nothing is known of the user, 69 a store is unreachable, 77 a store refused the \
            login, 78 a setting or the schema cannot be used, 98 the stores differ, 130 a watch was ended by Ctrl-C.

            Examples:
              flashctl inspect-user alice --local
              flashctl inspect-user alice --sale all -o json
              flashctl inspect-user alice --watch=5
            """
    )

    @Argument(help: "The user.", completion: LiveCompletion.users)
    var user: UserArgument

    @Option(help: "Number of a sale, current, or all.")
    var sale = SaleArgument.current

    @Option(help: "How many of the newest attempts are listed, 0 to 10,000.")
    var attempts = 10

    @Option(
        defaultAsFlag: WatchInterval.usual,
        parsing: .next,
        help: ArgumentHelp("Look again and again, every so many seconds, 0.1 to 3600.", valueName: "seconds")
    )
    var watch: WatchInterval?

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        try watch?.validate()
        guard Subject.read(try user.id().text, as: .code) == nil else {
            throw ValidationError("This is a code, not a user: `flashctl explain` tells what became of it.")
        }
        guard (0...10_000).contains(attempts) else {
            throw ValidationError("--attempts takes 0 to 10000, not \(attempts).")
        }
    }

    func run(in environment: CommandEnvironment) async throws {
        let configuration = try storeOptions.configuration(in: environment)
        let output = outputOptions.output(in: environment)
        let isWatched = watch != nil
        let failure = try await Stores.using(
            configuration,
            local: storeOptions.local,
            in: environment,
            handlesSignals: isWatched
        ) {
            stores -> CommandFailure? in
            guard let watch else {
                let report = try await read(stores)
                try output.write(report)
                if report.failure == nil, report.missing != nil { throw SilentExit(.unreachable) }
                return report.failure
            }
            try await Watch(interval: watch.duration).run(in: environment, output) { try await read(stores) }
            return nil
        }
        if let failure { throw failure }
    }

    private func read(_ stores: Stores) async throws -> InspectUserReport {
        let user = try user.id()
        return try await InspectionStores.using(stores) { stores in
            var report = InspectUserReport(user: user, missing: stores.missing, trouble: stores.trouble)
            for id in try await stores.sales(sale) {
                report.sales.append(id)
                let found = try await stores.inspection.inspect(user: user, in: id, attempts: attempts)
                if let found, found.hasTrace { report.inspections.append(found) }
            }
            guard report.inspections.isEmpty else { return report }
            report.near = try await stores.inspection.users(near: user, in: report.sales)
            return report
        }
    }
}
