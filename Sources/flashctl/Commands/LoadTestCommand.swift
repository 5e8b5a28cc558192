import ArgumentParser
import FlashSaleKit

extension LoadPreset: ExpressibleByArgument {
    init?(argument: String) {
        guard let preset = LoadPreset.all.first(where: { $0.name == argument }) else { return nil }
        self = preset
    }

    var defaultValueDescription: String { name }
    static var allValueStrings: [String] { all.map(\.name) }
}

/// `flashctl loadtest`
struct LoadTestCommand: EnvironmentCommand {
    static let configuration = CommandConfiguration(
        commandName: "loadtest",
        abstract: "Sends checkouts and purchases to a server and measures its answers.",
        discussion: """
            The model is closed: each connection sends its next request when it has the answer to the last one, so a \
            slow server gets less load. Refusals are correct answers, but never counted as successes. Ends with 1 when \
            a request got a server error or no answer, with 130 after Ctrl-C; the summary is printed all the same.

            With --purchases, that share of the codes got is paid for, by whichever connection is free next, before \
            any further checkout. A purchase answered 202 is asked again after the time that the server names, ten \
            times at most; a code that is still pending then fails the run. Only a 200 counts as a purchase.

            Exit status: 0 every request was answered as it should be, 1 a request got a server error or no answer, 64 \
            wrong arguments, 69 the server is unreachable, 97 the load test measured itself, 130 and 143 it was \
            stopped by a signal; the summary is printed all the same.

            Examples:
              flashctl loadtest --preset megaload
              flashctl loadtest --requests 20000 --purchases 100
              flashctl loadtest --requests 50000 --connections 200 -o json \\
                --target http://127.0.0.1:8080
            """
    )

    @Option(help: "The workload.")
    var preset = LoadPreset.megaload

    @Option(help: "Number of checkouts, each of another user. Default: that of the preset.")
    var requests: Int?

    @Option(help: "Connections that are open at the same time. Default: that of the preset.")
    var connections: Int?

    @Option(help: ArgumentHelp("Share of the codes got that is paid for, 0 to 100.", valueName: "percent"))
    var purchases = 0

    @Option(help: "The server, as http://host:port. Default: port $PORT or 8080 of this machine.")
    var target: String?

    @Option(help: "Start of all user ids. Default: random, so that no run meets the limits that another run left.")
    var runID: String?

    @Option(help: "Threads that generate the load.")
    var threads = 1

    @Option(help: "Seconds after which an unanswered request is a network error.")
    var timeout = 30

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    var changesSomething: Bool { true }

    func run(in environment: CommandEnvironment) async throws {
        try await run(in: environment, interrupts: await Interrupts.stream())
    }

    /// Runs with the interrupts handed in, too.
    func run(in environment: CommandEnvironment, interrupts: AsyncStream<ExitStatus>) async throws {
        let configuration = try storeOptions.configuration(in: environment)
        let plan = try plan(configuration)
        let output = outputOptions.output(in: environment)
        let summary = try await Stores.using(
            configuration,
            local: storeOptions.local,
            in: environment,
            handlesSignals: true
        ) { _ in
            let progress = LoadProgress(requests: plan.requests, output: output)
            let run = LoadRun(plan: plan, interrupts: interrupts) { progress.show($0, seconds: $1) }
            defer { progress.clear() }
            return try await run.execute()
        }
        try output.write(summary)
        if summary.status != .success { throw SilentExit(summary.status) }
    }

    private func plan(_ configuration: FlashConfiguration) throws(CommandFailure) -> LoadPlan {
        let ours = LoadTarget(host: "127.0.0.1", port: configuration.port.value)
        let target = if let target { try LoadTarget(parsing: target) } else { ours }
        var plan = LoadPlan(preset, target: target, runID: runID ?? LoadPlan.randomRunID())
        if let requests { plan.requests = requests }
        if let connections { plan.connections = connections }
        plan.threads = threads
        plan.timeoutSeconds = timeout
        plan.purchasePercent = purchases
        try plan.validate()
        return plan
    }
}
