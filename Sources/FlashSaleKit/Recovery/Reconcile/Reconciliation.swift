/// Repairs a sale whose records do not add up, by writing what is missing: in Postgres first, and then in Redis, which
/// is rebuilt from the ledger.
public struct Reconciliation: Sendable {
    /// What was done.
    public struct Applied: Sendable, Equatable {
        /// The plan that was confirmed.
        public let plan: ReconciliationPlan
        /// The epoch at which the sale went on.
        public let epoch: Int64
    }

    let redis: RedisClient
    let postgres: PostgresConnection
    /// How long to wait for somebody else who opens or recovers.
    let patience: Duration

    /// A reconciliation over these connections. The Postgres connection holds a lock meanwhile.
    public init(redis: RedisClient, postgres: PostgresConnection, patience: Duration = .seconds(10)) {
        self.redis = redis
        self.postgres = postgres
        self.patience = patience
    }

    /// The plan for a sale. It writes nothing and disturbs nobody.
    public func plan(_ sale: SaleID) async throws -> ReconciliationPlan {
        if let plan = try await gapPlan(sale) { return plan }
        if let shut = try await RecoveryRecords(postgres: postgres).refusals()[sale] {
            // Nothing moves in a sale that a recovery has shut because of its records.
            let evidence = try await Evidence.collect(
                sale,
                depth: .full,
                redis: redis,
                postgres: postgres,
                fencedAt: shut.epoch
            )
            if let evidence { return try await plan(evidence) }
        }
        return try await plan(
            Verification(redis: redis, postgres: postgres, patience: patience).collect(sale, depth: .full)
        )
    }

    private func plan(_ evidence: Evidence) async throws -> ReconciliationPlan {
        guard !evidence.isPassing else {
            throw ReconcileError(
                .moved,
                "sale \(evidence.saleID) is being recovered, or was while it was counted",
                nextStep: "plan again when it is open"
            )
        }
        let gaps = try await RecordGaps.read(evidence, from: postgres)
        var planner = Planner(evidence, gaps)
        return planner.make()
    }

    /// Does what the plan with this hash says, if it is still the plan once nobody can change the sale any more. The
    /// sale stands still for some seconds.
    ///
    /// - Throws: ``ReconcileError``; errors of the stores. Whatever is thrown, the sale is taken over by the next
    ///   handshake of any server, if it is not open.
    public func apply(
        _ sale: SaleID,
        confirm hash: String,
        actor: String,
        reason: String
    ) async throws -> Applied {
        // A plan for a Redis of somebody else is empty, which would not say why.
        try await Installation.read(postgres).requireMatch(redis)
        let applied = try await AdvisoryLock.recovery.whileHeld(on: postgres, patience: patience) {
            let plan = try await plan(sale)
            guard !plan.isEmpty else {
                throw ReconcileError(.wrongHash, "there is nothing to be done about sale \(sale)")
            }
            guard plan.hash == hash else {
                throw ReconcileError(
                    .wrongHash,
                    "the plan for sale \(sale) has another hash than the one confirmed: \(plan.hash)",
                    nextStep: "read the plan again with `flashctl reconcile --plan --sale \(sale)`"
                )
            }
            return try await apply(plan, actor: actor, reason: reason)
        }
        guard let applied else {
            throw ReconcileError(.locked, "another process opens or recovers sales", nextStep: "try again")
        }
        return applied
    }

    private func apply(_ plan: ReconciliationPlan, actor: String, reason: String) async throws -> Applied {
        guard let sale = try await SaleStore(postgres: postgres).find(plan.saleID) else {
            throw ScheduleError(.unknownSale, "there is no sale \(plan.saleID)")
        }
        guard sale.finishedAt == nil, sale.epoch != nil else {
            try await ReconciliationWriter(plan: plan, actor: actor, reason: reason).commit(on: postgres)
            return Applied(plan: plan, epoch: sale.epoch ?? 0)
        }
        if plan.closing != nil { return try await close(plan, of: sale, actor: actor, reason: reason) }
        let steps = EpochSteps(redis: redis, postgres: postgres)
        try await steps.loadScripts()
        let epoch = try await steps.takeEpoch()
        try await steps.raiseCursors(of: [sale.id], to: epoch)
        _ = try await steps.fence(sale.id, epoch)
        do {
            let evidence = try await Evidence.collect(
                sale.id,
                depth: .full,
                redis: redis,
                postgres: postgres,
                fencedAt: epoch
            )
            // Only now its steps can be numbered: the sale may have sold on since the first plan.
            guard let evidence, case let final = try await self.plan(evidence), final.hash == plan.hash else {
                throw ReconcileError(
                    .moved,
                    "sale \(sale.id) has moved since it was planned: nothing was written",
                    nextStep: "plan again with `flashctl reconcile --plan --sale \(sale.id)`"
                )
            }
            try await ReconciliationWriter(plan: final, actor: actor, reason: reason).commit(on: postgres)
        } catch {
            // As it was, under another epoch: buyers need not wait for the next server that looks.
            _ = try await Adoption(redis: redis, postgres: postgres).adopt([sale])
            throw error
        }
        let rebuild = Rebuild(redis: redis, postgres: postgres)
        switch try await rebuild.rebuild(sale, epoch: epoch, reason: "reconciled by \(actor), plan \(plan.hash)") {
        case .rebuilt: return Applied(plan: plan, epoch: epoch)
        case .refused(let why):
            throw ReconcileError(
                .refused,
                "the records of sale \(sale.id) were repaired as planned, but it stays shut: \(why)",
                nextStep: "look at `flashctl reconcile --plan --sale \(sale.id)`"
            )
        }
    }
}

/// Why a reconciliation did not happen.
public struct ReconcileError: Error, Sendable, CustomStringConvertible {
    /// What went wrong.
    public enum Code: Sendable, Equatable {
        /// The confirmed hash is not that of the plan.
        case wrongHash
        /// The sale changed between plan and application, or is being recovered.
        case moved
        /// Somebody else opens or recovers sales.
        case locked
        /// No state follows from the repaired records either.
        case refused
    }

    /// What went wrong.
    public let code: Code
    /// One sentence for people.
    public let message: String
    /// What to do about it, when it is known.
    public let nextStep: String?

    init(_ code: Code, _ message: String, nextStep: String? = nil) {
        self.code = code
        self.message = message
        self.nextStep = nextStep
    }

    /// The message and the next step.
    public var description: String { nextStep.map { "\(message); \($0)" } ?? message }
}
