import FlashSaleKit
import Logging
import NIOPosix

/// One change, or two, of one sale or of several: plans it, or makes it and sees to its record.
struct ControlRun: Sendable {
    let operations: [ControlCall.Operation]
    let reason: String
    let wanted: SaleArgument
    let dryRun: Bool
    let environment: CommandEnvironment
    /// Asks whether a change that cannot be undone is to be made of this sale, by this plan.
    var consent: (@Sendable (SaleID, _ plan: [ReportSection]) async throws -> Void)?

    init(_ operations: [ControlCall.Operation], _ options: ControlOptions, _ environment: CommandEnvironment) {
        self.operations = operations
        self.environment = environment
        reason = options.reason
        wanted = options.sale
        dryRun = options.dryRun
    }

    /// Runs it and writes what became of it.
    func run(_ storeOptions: StoreOptions, _ outputOptions: OutputOptions) async throws {
        let who = environment.operatorName
        let requests = try operations.map { operation in
            guard let request = ControlCall.Request(operation, who: who, why: reason) else {
                throw CommandFailure(.usage, "'\(operation.name)' cannot be put on the ledger with these words")
            }
            return request
        }
        let configuration = try storeOptions.configuration(in: environment)
        let output = outputOptions.output(in: environment)
        let report = try await Stores.using(configuration, local: storeOptions.local, in: environment) { stores in
            try await run(requests, stores)
        }
        if !report.sales.isEmpty { try output.write(report) }
        if let failure = report.failure { throw failure }
    }

    private func run(_ requests: [ControlCall.Request], _ stores: Stores) async throws -> ControlReport {
        try await stores.withRedis { redis in try await run(requests, redis, stores) }
    }

    /// With Postgres as long as it answers, without it when that can be done.
    private func run(
        _ requests: [ControlCall.Request],
        _ redis: RedisClient,
        _ stores: Stores
    ) async throws -> ControlReport {
        // Somebody waits for the sale to stand still: a Postgres that is slower than this is as good as away.
        var options = PostgresOptions()
        options.connectTimeout = .seconds(3)
        do {
            return try await stores.withPostgres(options: options) { postgres in
                try await Stores.requireSchema(postgres)
                if let previewed = try await preview(redis, postgres, requests) { return previewed }
                let targets = try await ControlTargets.find(wanted, redis, postgres, stores.handshakeOptions)
                return try await change(targets, requests, redis, postgres)
            }
        } catch let error as PostgresError where error.isAway {
            guard case .number(let sale) = wanted else {
                throw CommandFailure(
                    .unreachable,
                    "\(error.message): nothing was changed",
                    nextStep: "give the number of the sale with --sale, which GET /sale of a server says: then it is "
                        + "done in Redis, and recorded when Postgres is back"
                )
            }
            if let previewed = try await preview(sale, redis, requests) { return previewed }
            let targets = try await ControlTargets.find(sale, redis, stores.handshakeOptions)
            return try await change(targets, requests, redis, nil, absence: error.message)
        }
    }

    /// The plan, when nothing else is wanted; nil when the change is to be made, with consent if it needs one.
    private func preview(
        _ redis: RedisClient,
        _ postgres: PostgresConnection,
        _ requests: [ControlCall.Request]
    ) async throws -> ControlReport? {
        guard dryRun || consent != nil else { return nil }
        let sales = try await ControlTargets.sales(wanted, postgres)
        let planner = ControlPlanner(
            redis: redis,
            log: ControlLog(postgres: postgres),
            inspection: Inspection(redis: redis, postgres: postgres)
        )
        let plan = try await planner.plan(sales, requests)
        return try await agreed(plan)
    }

    private func preview(
        _ sale: SaleID,
        _ redis: RedisClient,
        _ requests: [ControlCall.Request]
    ) async throws -> ControlReport? {
        guard dryRun || consent != nil else { return nil }
        return try await agreed(
            try await ControlPlanner(redis: redis, log: nil, inspection: nil).plan([sale], requests)
        )
    }

    /// Nil when the plan changes something and there is consent.
    private func agreed(_ plan: ControlReport) async throws -> ControlReport? {
        if dryRun { return plan }
        for sale in plan.sales where sale.steps.contains(where: { $0.outcome == .changed }) {
            try await consent?(sale.id, plan.sections)
        }
        return nil
    }

    /// Changes the sales; one that cannot be changed holds up no other.
    ///
    /// - Parameter absence: why Postgres cannot be asked; nil when it can.
    private func change(
        _ targets: ControlTargets,
        _ requests: [ControlCall.Request],
        _ redis: RedisClient,
        _ postgres: PostgresConnection?,
        absence: String? = nil
    ) async throws -> ControlReport {
        let controller = SaleController(redis: redis)
        var report = ControlReport(dryRun: false, sales: [], troubles: targets.troubles)
        for target in targets.open {
            do {
                var steps: [ControlReport.Step] = []
                for request in requests {
                    let change = try await controller.apply(
                        request,
                        to: target.sale,
                        epoch: target.epoch,
                        confirmed: targets.confirmed
                    )
                    steps.append(ControlReport.Step(change, request))
                }
                report.sales.append(
                    ControlReport.Sale(
                        id: target.sale,
                        steps: steps,
                        state: try await controller.snapshot(of: target.sale).map(ControlState.init)
                    )
                )
            } catch {
                guard let failure = FailureReport.failure(for: error) else { throw error }
                report.troubles[target.sale] = absence.flatMap { ControlTargets.unconfirmed(error, $0) } ?? failure
            }
        }
        await complete(&report, redis, postgres)
        return report
    }

    /// Waits for the records, and finds out since when is so what was so already. The change is made: what Postgres
    /// cannot tell now is left open.
    private func complete(
        _ report: inout ControlReport,
        _ redis: RedisClient,
        _ postgres: PostgresConnection?
    ) async {
        guard let postgres else { return }
        let log = ControlLog(postgres: postgres)
        let inspection = Inspection(redis: redis, postgres: postgres)
        for index in report.sales.indices {
            let changes = report.sales[index].steps.compactMap { $0.outcome == .changed ? $0.change : nil }
            let recorded = (try? await log.settle(changes, redis: redis)) ?? false
            for step in report.sales[index].steps.indices {
                await report.sales[index].steps[step].complete(log, of: report.sales[index].id, recorded: recorded)
                await report.sales[index].steps[step].look(for: inspection, of: report.sales[index].id)
            }
        }
    }
}
