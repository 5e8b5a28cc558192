import FlashSaleKit
import NIOPosix

/// What `loadtest` does with its options.
extension LoadTestCommand {
    /// Runs with the interrupts handed in, too.
    func run(in environment: CommandEnvironment, interrupts: AsyncStream<ExitStatus>) async throws {
        let configuration = try storeOptions.configuration(in: environment)
        let plan = try plan(configuration, rate: firstRate)
        try reports.check(verifies: verify)
        try ConnectionPorts.check(plan.connections)
        let feed = InterruptFeed()
        let relay = Task { await feed.run(interrupts) }
        defer { relay.cancel() }
        let status = try await Stores.using(
            configuration,
            local: storeOptions.local,
            in: environment,
            handlesSignals: true
        ) { stores in
            var plan = plan
            plan.saleID = try await consent(plan)
            return try await measure(plan, configuration, stores, feed, environment)
        }
        if status != .success { throw SilentExit(status) }
    }

    private func measure(
        _ plan: LoadPlan,
        _ configuration: FlashConfiguration,
        _ stores: Stores,
        _ feed: InterruptFeed,
        _ environment: CommandEnvironment
    ) async throws -> ExitStatus {
        let verifier = verify ? StoreComparison.Stage(stores: stores, actor: environment.actor) : nil
        try await verifier?.prepare()
        let startsAt = plan.start == .nextHour ? LoadTestCommand.nextHour(after: HostClock.now) : HostClock.now
        let provenance = try await StoreLinks.using(stores) { links in
            var here = LoadProvenance.here(
                commandLine: CommandLine.arguments,
                seed: plan.seed,
                startedAt: startsAt
            )
            await here.add(storesOf: links)
            return here
        }
        var outlook = plan.outlook
        // Nobody knows how many loads a search takes.
        if findMax != nil { outlook.seconds = nil }
        let presenter = try LoadPresenter(reports, formats, outlook, startedAt: startsAt, in: environment)
        defer { presenter.end() }
        let output = formats.output(in: environment)
        if let findMax {
            let search = LoadSearching(
                command: self,
                configuration: configuration,
                condition: try LoadThreshold(parsing: findMax, option: "--find-max"),
                plan: plan,
                presenter: presenter,
                feed: feed
            )
            return try presenter.finish(try await search.run(provenance))
        }
        if plan.start == .nextHour { output.say("the load begins on the next full hour") }
        var summary = try await LoadTestCommand.load(plan, feed) { presenter.take($0) }
        presenter.end()
        try await verifier?.run(&summary, interrupts: feed.stream(), output: output)
        return try presenter.finish(summary.record(provenance, presenter.timeline))
    }

    /// Runs one load; it ends when `take` has thresholds that are crossed.
    static func load(
        _ plan: LoadPlan,
        _ feed: InterruptFeed,
        _ take: @escaping @Sendable (LoadInterval) -> [LoadThreshold.Result]
    ) async throws -> LoadSummary {
        var run = LoadRun(plan: plan, interrupts: feed.stream()) { interval in
            if !take(interval).isEmpty { feed.stop(.thresholdFailed) }
        }
        run.readsShop = true
        return try await run.execute()
    }

    /// The first millisecond of the next hour.
    private static func nextHour(after now: Timestamp) -> Timestamp {
        let hour: Int64 = 3_600_000_000
        return Timestamp(microseconds: (now.microseconds / hour + 1) * hour)
    }

    /// Asks the server what it sells, and fails when that is not to be loaded without a word.
    private func consent(_ plan: LoadPlan) async throws -> SaleID? {
        try LoadConsent.check(plan.target, isTest: nil, meant: yesIMean)
        let group = MultiThreadedEventLoopGroup.singleton
        let reader = ShopReader.make(try await plan.target.reach(on: group), target: plan.target, on: group)
        let state = await reader.read()
        try LoadConsent.check(plan.target, isTest: state?.isTest, meant: yesIMean)
        return state?.sale
    }
}
