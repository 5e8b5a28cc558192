import ArgumentParser
import FlashSaleKit
import NIOPosix

/// `flashctl loadtest`
struct LoadTestCommand: EnvironmentCommand {
    static let configuration = CommandConfiguration(
        commandName: "loadtest",
        abstract: "Sends checkouts and purchases to a server, measures its answers, and compares them with the stores.",
        usage: "flashctl loadtest [--rate <rate> | --closed] [--verify] [<options>]",
        discussion: """
            With --rate or --stages the model is open: requests have their times, whether the server keeps up or not, \
            and latency counts from the intended time. A request that finds no free connection waits, and that is \
            part of its latency; the time from the actual sending is printed below it. In the closed model each \
            connection sends its next request when it has the answer to the last one, so a slow server gets less \
            load. Refusals are correct answers, but never counted as successes.

            Presets: megaload is a million users who each check out once, over 2,000 connections, closed. k6 is four \
            kinds of visitors (70 % normal, 10 % heavy, 10 % purchases, 10 % invalid), 10,000 requests/s for two \
            minutes. hour is the crowd of a sale that opens on the hour: it comes all at once, pays after a while or \
            late or never, asks twice, and guesses. --rate and --duration scale them; --scenario reads one from a file.

            With --purchases, that share of the codes got is paid for, by whichever connection is free next. A \
            purchase answered 202 is asked again after the time that the server names, ten times at most; a code that \
            is still pending then fails the run. Only a 200 counts as a purchase.

            --verify remembers every answer and compares them with Postgres, Redis and the journal when the journal \
            is drained: each decided attempt is there exactly once, each undecided one at most once, each receipt has \
            its unit, and no unit is sold twice. It needs the stores of the server.

            The numbers are INVALID when the generator was the limit: its requests were late by more than 1 ms (p99) \
            though nothing but itself held them up, fewer than 99 % of them were looked at in time, or its threads \
            were busy for more than 85 % of the time.

            Exit status: 0 all is well, 1 a request got a server error or no answer, 64 the target needs --yes-i-mean, \
            69 it cannot be reached, 97 the generator was the limit, 98 answers and stores disagree, 130 after Ctrl-C: \
            the first one waits for answers, the second does not; the summary is printed all the same.

            Examples:
              flashctl loadtest --rate 2000/s --duration 30s --purchases 100 --verify --local
              flashctl loadtest --stages 0:10s,5000:30s,20000:5s --arrivals poisson
              flashctl loadtest --preset k6 --rate 5000/s --duration 1m
              flashctl loadtest --preset hour --spike-at now --verify --local
              flashctl loadtest --preset megaload
              flashctl loadtest --requests 20000 --purchases 100
              flashctl loadtest --requests 50000 --connections 200 -o json \\
                --target http://127.0.0.1:8080
            """
    )

    @Option(help: "The workload.")
    var preset = LoadPreset.megaload

    @Option(help: "A workload of your own, YAML.", completion: .file(extensions: ["yaml", "yml"]))
    var scenario: String?

    @Option(help: "Requests per second of the open model, as 2000/s.")
    var rate: LoadRateArgument?

    @Option(help: "Rates that are reached one after the other, in straight lines, as 0:10s,5000:30s,20000:5s.")
    var stages: LoadStagesArgument?

    @Option(help: "Distances between requests of the open model: constant, or as people come (poisson).")
    var arrivals: LoadArrivals?

    @Flag(help: "The closed model: each connection waits for its answer.")
    var closed = false

    @Option(help: "When the load begins: now, or next-hour at its first millisecond.")
    var spikeAt: LoadStart?

    @Option(help: "How long requests are sent, as 30s. Default: as the workload says; 60s for a rate.")
    var duration: LoadDurationArgument?

    @Option(help: "Time at the beginning that is in no total, as 5s.")
    var warmup: LoadDurationArgument?

    @Option(help: "Number of requests, at most. Default: that of the workload.")
    var requests: Int?

    @Option(help: "Connections that are open at the same time; at most, in the open model. Default: the workload's.")
    var connections: Int?

    @Option(help: ArgumentHelp("Share of the codes got that is paid for at once, 0 to 100.", valueName: "percent"))
    var purchases: Int?

    @Option(help: "The server, as http://host:port. Default: port $PORT or 8080 of this machine.")
    var target: String?

    @Option(help: "Start of all user ids. Default: random, so that no run meets the limits that another run left.")
    var runID: String?

    @Option(help: "The same seed gives the same users, actions and arrival times. Default: random.")
    var seed: UInt64?

    @Option(help: "Threads that generate the load.")
    var threads = 1

    @Option(help: "Seconds after which an unanswered request is a network error.")
    var timeout = 30

    @Flag(help: "Compare all answers with Postgres, Redis and the journal afterwards.")
    var verify = false

    @Option(help: ArgumentHelp("Send to a host that is not this one, or to a sale that is no test.", valueName: "host"))
    var yesIMean: String?

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
        try ConnectionPorts.check(plan.connections)
        let output = outputOptions.output(in: environment)
        let feed = InterruptFeed()
        let relay = Task { await feed.run(interrupts) }
        defer { relay.cancel() }
        let summary = try await Stores.using(
            configuration,
            local: storeOptions.local,
            in: environment,
            handlesSignals: true
        ) { stores in
            var plan = plan
            plan.saleID = try await consent(plan)
            let verifier = verify ? StoreComparison.Stage(stores: stores, actor: environment.actor) : nil
            try await verifier?.prepare()
            if plan.start == .nextHour { output.say("the load begins on the next full hour") }
            let progress = LoadProgress(plan, output: output)
            var run = LoadRun(plan: plan, interrupts: feed.stream()) { progress.show($0) }
            run.readsShop = true
            defer { progress.clear() }
            var summary = try await run.execute()
            progress.clear()
            try await verifier?.run(&summary, interrupts: feed.stream(), output: output)
            return summary
        }
        try output.write(summary)
        if summary.status != .success { throw SilentExit(summary.status) }
    }

    /// Asks the server what it sells, and fails when that is not to be loaded without a word.
    private func consent(_ plan: LoadPlan) async throws -> SaleID? {
        try LoadConsent.check(plan.target, isTest: nil, meant: yesIMean)
        let group = MultiThreadedEventLoopGroup.singleton
        let reader = ShopReader.make(try await plan.target.resolve(), target: plan.target, on: group)
        let state = await reader.read()
        try LoadConsent.check(plan.target, isTest: state?.isTest, meant: yesIMean)
        return state?.sale
    }

    /// The plan that the options describe.
    func plan(_ configuration: FlashConfiguration) throws(CommandFailure) -> LoadPlan {
        let ours = LoadTarget(host: "127.0.0.1", port: configuration.port.value)
        let target = if let target { try LoadTarget(parsing: target) } else { ours }
        var workload = if let scenario { try LoadScenario(file: scenario) } else { preset.scenario }
        let pace = LoadScenario.Pace(
            rate: rate?.perSecond,
            stages: stages?.stages,
            duration: duration?.seconds,
            isClosed: closed
        )
        workload = try workload.paced(pace)
        if let arrivals { workload.arrivals = arrivals }
        if let requests { workload.requests = requests }
        if let spikeAt { workload.startsOnTheHour = spikeAt == .nextHour }
        var plan = LoadPlan(workload, target: target, runID: runID ?? LoadPlan.randomRunID())
        if let connections { plan.connections = connections }
        if let warmup { plan.warmupSeconds = warmup.seconds }
        if plan.isClosed, let duration {
            plan.durationSeconds = duration.seconds
            if requests == nil { plan.requests = LoadPlan.mostRequests }
        }
        plan.threads = threads
        plan.timeoutSeconds = timeout
        // Numbers that every reader of JSON can hold.
        plan.seed = seed ?? UInt64.random(in: 0..<(1 << 48))
        if let purchases { plan.purchasePercent = purchases }
        if verify {
            plan.keepsHistory = true
            // Each request is for an item of its own, so that its attempt can be found.
            plan.items = .max
        }
        try plan.validate()
        return plan
    }
}
