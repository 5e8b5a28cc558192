import ArgumentParser
import FlashSaleKit

/// `flashctl rotate-hour`
struct RotateHourCommand: EnvironmentCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-hour",
        abstract: "Makes sure that the sales of this hour and the next exist, and finishes ended ones.",
        usage: "flashctl rotate-hour [<options>]",
        discussion: """
            For cron: says nothing when all is well, one line on standard error otherwise. Sales open and close by \
            themselves at the full hour; this may run late, twice, or beside `flashctl serve`, which does the same. \
            After a downtime of any length one run is enough: it makes the sales of this hour and the next, and \
            finishes all that have ended. Hours that are past get no sale. It needs no HOME, TZ, USER or terminal.

            Exit status: 0 done, 1 a sale could not be opened or finished (the others were), 69 Redis or Postgres \
            unreachable, 75 another process rotates or the time of --timeout was over (what was done stays done: run \
            it again), 98 Redis and Postgres disagree about an ended sale, whose keys are kept.

            Examples:
              */10 * * * * flashctl rotate-hour --config /etc/flashctl/config.yaml
              flashctl rotate-hour --verbose --local
              flashctl rotate-hour --dry-run -o json
            """
    )

    @Flag(help: "Say what was done.")
    var verbose = false

    @Option(help: "How long it may take, e.g. 90s.")
    var timeout = DurationArgument(milliseconds: 300_000)

    @Flag(help: "Only say what would be created, opened and finished.")
    var dryRun = false

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var hourlyOptions: HourlyOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        try timeout.validate("--timeout")
        if timeout.milliseconds < 1 { throw ValidationError("--timeout takes a time above zero.") }
    }

    var changesSomething: Bool { !dryRun }

    func run(in environment: CommandEnvironment) async throws {
        let output = environment.talkOutput
        do {
            if dryRun {
                let report = try await limited { try await self.plan(in: environment) }
                return try outputOptions.output(in: environment).write(report)
            }
            let report = try await limited { try await self.rotate(in: environment) }
            if verbose { RotateHourCommand.lines(report).forEach { output.say($0) } }
            if let failure = RotateHourCommand.failure(report) { throw failure }
        } catch {
            guard let failure = FailureReport.failure(for: error) else { throw error }
            output.say(failure, oneLine: true)
            throw SilentExit(failure.status)
        }
    }

    /// Runs `body`, and cancels it when its time is over. Every step of a rotation may be its last.
    private func limited<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let milliseconds = timeout.milliseconds
        return try await withThrowingTaskGroup(of: Value.self) { tasks in
            tasks.addTask(operation: body)
            tasks.addTask {
                try await Task.sleep(for: .milliseconds(milliseconds))
                throw CommandFailure(
                    .tryLater,
                    "not done within \(DurationText.text(milliseconds: milliseconds)); what was done stays done",
                    nextStep: "run it again, with a longer --timeout if that does not help"
                )
            }
            defer { tasks.cancelAll() }
            // Whichever ends first; the other one is cancelled and waited for.
            guard let value = try await tasks.next() else { throw CancellationError() }
            return value
        }
    }

    private func plan(in environment: CommandEnvironment) async throws -> RotationPlanReport {
        let configuration = try storeOptions.configuration(in: environment, flags: hourlyOptions.flags)
        return try await Stores.using(configuration, local: storeOptions.local, in: environment) { stores in
            try await stores.withBoth { redis, postgres in
                let rotation = Rotation(redis: redis, postgres: postgres, hourly: stores.hourlyTerms)
                return RotationPlanReport(plan: try await rotation.plan())
            }
        }
    }

    private func rotate(in environment: CommandEnvironment) async throws -> RotationReport {
        let configuration = try storeOptions.configuration(in: environment, flags: hourlyOptions.flags)
        let output = environment.talkOutput
        let isVerbose = verbose
        return try await Stores.using(configuration, local: storeOptions.local, in: environment) { stores in
            try await stores.withBoth { redis, postgres in
                try await Rotation(
                    redis: redis,
                    postgres: postgres,
                    hourly: stores.hourlyTerms,
                    handshake: stores.handshakeOptions,
                    retention: stores.keyRetention
                ) { if isVerbose { output.say("recovered: \($0)") } }.run()
            }
        }
    }

    static func failure(_ report: RotationReport) -> CommandFailure? {
        if report.locked { return CommandFailure(.tryLater, "another process rotates right now; nothing was done") }
        let failed = [report.failed, report.reopened, report.keysKept].flatMap { sales in
            sales.sorted { $0.key < $1.key }.map { "sale \($0.key): \($0.value)" }
        }
        guard let worst = report.mismatches.min(by: { $0.key < $1.key }) else {
            return failed.isEmpty ? nil : CommandFailure(.failure, failed.joined(separator: "; "))
        }
        let ids = report.mismatches.keys.sorted().map(\.description).joined(separator: ", ")
        let disagreement =
            "Redis and Postgres disagree about ended sales (\(ids)): \(worst.value.joined(separator: "; "))"
        return CommandFailure(
            .invariantViolated,
            ([disagreement] + failed).joined(separator: "; "),
            nextStep: "their keys are kept; compare them with `flashctl status --sale \(worst.key)`"
        )
    }

    static func lines(_ report: RotationReport) -> [String] {
        func line(_ verb: String, _ sales: [SaleID]) -> String? {
            sales.isEmpty ? nil : "\(verb): sale \(sales.map(\.description).joined(separator: ", "))"
        }
        let waiting = report.waiting.sorted { $0.key < $1.key }.map { "not finished yet: sale \($0.key), \($0.value)" }
        let lines = [
            line("created", report.created), line("opened", report.opened), line("finished", report.finished),
        ]
        let failed = report.failed.sorted { $0.key < $1.key }.map { "failed: sale \($0.key), \($0.value)" }
        let all =
            lines.compactMap(\.self) + waiting + failed
            + report.keysKept.sorted { $0.key < $1.key }.map { "keys kept: sale \($0.key), \($0.value)" }
        return all.isEmpty && !report.locked ? ["nothing to do"] : all
    }
}
