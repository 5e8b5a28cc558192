import ArgumentParser
import FlashSaleKit

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

            --fail-if ends the run with 99 if an expression is true of it, --compare if an earlier run was better. \
            --find-max runs one load of 10 s after the other, doubles the rate until its expression is not true any \
            more, and then closes in on the limit. --report writes a page with charts, --hdr-log all latencies.

            Exit status: 0 all is well, 1 a request got a server error or no answer, 64 the target needs --yes-i-mean, \
            69 it cannot be reached, 97 the generator was the limit, 98 answers and stores disagree, 99 a threshold \
            was crossed, 130 after Ctrl-C: the first one waits for answers, the second does not; the summary is \
            printed all the same.

            Examples:
              flashctl loadtest --rate 2000/s --purchases 100 --verify --local
              flashctl loadtest --stages 0:10s,5000:30s,20000:5s --arrivals poisson
              flashctl loadtest --preset k6 --rate 5000/s --duration 1m
              flashctl loadtest --preset hour --spike-at now --verify --local
              flashctl loadtest --rate 2000/s --fail-if 'checkout.p99>20ms'
              flashctl loadtest --find-max 'checkout.p99<20ms' --report knee.html
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

    @Option(
        help: ArgumentHelp(
            "Search the highest rate at which this is true, e.g. 'checkout.p99<20ms'; each load takes 10 s.",
            valueName: "expression"
        )
    )
    var findMax: String?

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

    @Flag(
        inversion: .prefixedNo,
        help: "Threads of the open model run before all others, where the system allows it, to be on time."
    )
    var realTime = true

    @Flag(help: "Poll instead of sleeping: exact times where timers are late, for a whole core of each thread.")
    var busyPoll = false

    @Option(help: "Seconds after which an unanswered request is a network error.")
    var timeout = 30

    @Flag(help: "Compare all answers with Postgres, Redis and the journal afterwards.")
    var verify = false

    @Option(help: ArgumentHelp("Send to a host that is not this one, or to a sale that is no test.", valueName: "host"))
    var yesIMean: String?

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var reports: LoadReportOptions
    @OptionGroup var formats: LoadOutputOptions

    var changesSomething: Bool { true }

    /// What is wrong with a search is said before anything else happens.
    func validate() throws {
        guard let findMax else { return }
        let condition: LoadThreshold
        do {
            condition = try LoadThreshold(parsing: findMax, option: "--find-max")
        } catch {
            throw ValidationError([error.message, error.nextStep].compactMap(\.self).joined(separator: "; "))
        }
        if condition.needsVerification {
            throw ValidationError("--find-max cannot search by \(condition.metric): only --verify measures it.")
        }
        let excluded = [
            ("--closed", closed), ("--stages", stages != nil), ("--verify", verify),
            ("--compare", reports.compare != nil),
            ("--fail-if", !reports.failIf.isEmpty), ("--spike-at", spikeAt == .nextHour),
        ]
        for (option, isGiven) in excluded where isGiven {
            throw ValidationError("--find-max runs one load after the other: leave out \(option).")
        }
    }

    func run(in environment: CommandEnvironment) async throws {
        try await run(in: environment, interrupts: await Interrupts.stream())
    }

    /// Requests per second of the first load of a search; nil when nothing is searched.
    var firstRate: Double? { findMax == nil ? nil : rate?.perSecond ?? 1000 }

    /// The plan that the options describe.
    ///
    /// - Parameter searched: requests per second of one load of a search; nil when nothing is searched.
    func plan(_ configuration: FlashConfiguration, rate searched: Double? = nil) throws(CommandFailure) -> LoadPlan {
        let ours = LoadTarget(host: "127.0.0.1", port: configuration.port.value)
        let target = if let target { try LoadTarget(parsing: target) } else { ours }
        var workload = if let scenario { try LoadScenario(file: scenario) } else { preset.scenario }
        let pace = LoadScenario.Pace(
            rate: searched ?? rate?.perSecond,
            stages: stages?.stages,
            duration: duration?.seconds ?? (searched == nil ? nil : LoadSearching.usualSeconds),
            isClosed: closed
        )
        workload = try workload.paced(pace)
        if let arrivals { workload.arrivals = arrivals }
        if let requests { workload.requests = requests }
        if let spikeAt { workload.startsOnTheHour = spikeAt == .nextHour }
        // Each load of a search has its own users, or they would meet the limits that the last one left.
        let suffix = searched.map { "-\(Int($0))" } ?? ""
        var plan = LoadPlan(workload, target: target, runID: runID.map { $0 + suffix } ?? LoadPlan.randomRunID())
        if let connections { plan.connections = connections }
        if let warmup { plan.warmupSeconds = warmup.seconds }
        if plan.isClosed, let duration {
            plan.durationSeconds = duration.seconds
            if requests == nil { plan.requests = LoadPlan.mostRequests }
        }
        plan.threads = threads
        plan.busyPoll = busyPoll
        plan.realTime = realTime
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
