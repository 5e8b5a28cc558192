import ArgumentParser
import FlashSaleKit

/// `flashctl reconcile`
struct ReconcileCommand: EnvironmentCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile",
        abstract: "Repairs what `flashctl verify` found, by writing what is missing; never by deleting.",
        usage: "flashctl reconcile (--plan | --apply --confirm <hash>) [<options>]",
        discussion: """
            --plan prints every step with its reason, and a hash; it changes nothing. The same state always gives the \
            same plan. --apply does what the plan with that hash says: it shuts the sale for some seconds, plans \
            again, and writes only when the hash is still the same. Redis is then rebuilt from the ledger. No record \
            is deleted and no total is lowered to a store that lags; what would need that is listed as 'needs a \
            person'. Each application is recorded in control_log and in the ledger.

            Exit status: 0 done or nothing to do, 65 the confirmed hash is that of no plan, 75 the sale has moved \
            or somebody else recovers (plan again), 98 the plan leaves something to a person.

            Examples:
              flashctl reconcile --plan --local
              flashctl reconcile --plan --sale 12 -o json
              flashctl reconcile --apply --confirm 5f1c… --sale 12 \\
                --reason "ticket 4711"
            """
    )

    @Flag(name: [.customLong("plan"), .customLong("dry-run")], help: "Print what would be done.")
    var plan = false

    @Flag(help: "Do what the confirmed plan says.")
    var apply = false

    @Option(help: "The hash of the plan, as --plan prints it.")
    var confirm: String?

    @Option(help: "Number of a sale, or current. Default: every sale that is open.")
    var sale: SaleArgument?

    @Option(help: "Why, for the records; 1 to 200 characters.")
    var reason = "reconciled"

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if sale == .all { throw ValidationError("--sale takes the number of one sale, or current.") }
        guard plan != apply else { throw ValidationError("Give either --plan or --apply.") }
        if apply, confirm == nil { throw ValidationError("--apply needs --confirm with the hash that --plan prints.") }
        if plan, confirm != nil { throw ValidationError("--confirm belongs to --apply.") }
        guard (1...200).contains(reason.count) else { throw ValidationError("--reason has 1 to 200 characters.") }
    }

    var changesSomething: Bool { apply }

    func run(in environment: CommandEnvironment) async throws {
        let configuration = try storeOptions.configuration(in: environment)
        let output = outputOptions.output(in: environment)
        let actor = environment.actor
        let report = try await Stores.using(configuration, local: storeOptions.local, in: environment) { stores in
            try await stores.withBoth { redis, postgres in
                let plans = try await plans(redis, postgres)
                guard apply, let confirm else { return ReconcileReport(plans: plans) }
                return try await run(plans, confirm, actor, redis, postgres)
            }
        }
        try output.write(report)
        if let failure = report.failure { throw failure }
    }

    private func plans(_ redis: RedisClient, _ postgres: PostgresConnection) async throws -> [ReconciliationPlan] {
        let reconciliation = Reconciliation(redis: redis, postgres: postgres)
        let verification = Verification(redis: redis, postgres: postgres)
        let wanted = try await (sale.map { [$0] } ?? []).sales(verification, postgres)
        var plans: [ReconciliationPlan] = []
        for id in wanted { plans.append(try await reconciliation.plan(id)) }
        return plans
    }

    private func run(
        _ plans: [ReconciliationPlan],
        _ confirm: String,
        _ actor: String,
        _ redis: RedisClient,
        _ postgres: PostgresConnection
    ) async throws -> ReconcileReport {
        guard let plan = plans.first(where: { !$0.isEmpty && $0.hash == confirm }) else {
            throw CommandFailure(
                .badInput,
                "no plan has the hash that was confirmed: nothing was written",
                nextStep: "read the plan again with `flashctl reconcile --plan`"
            )
        }
        let reconciliation = Reconciliation(redis: redis, postgres: postgres)
        let applied = try await reconciliation.apply(plan.saleID, confirm: confirm, actor: actor, reason: reason)
        return ReconcileReport(plans: [applied.plan], epoch: applied.epoch)
    }
}
