/// Gaps of the journal are closed before anything else is planned: behind them nothing can be compared.
extension Reconciliation {
    /// The plan for the gaps of a sale; nil when it has none.
    func gapPlan(_ sale: SaleID) async throws -> ReconciliationPlan? {
        let gaps = try await JournalGap.read(sale, redis: redis, postgres: postgres)
        guard !gaps.isEmpty else { return nil }
        return try await GapPlanner.plan(gaps, redis: redis, postgres: postgres)
    }

    /// Does what the plan says. The sale is shut meanwhile, and goes on with what Redis has: it is not rebuilt.
    func close(_ plan: ReconciliationPlan, of sale: Sale, actor: String, reason: String) async throws -> Applied {
        let steps = EpochSteps(redis: redis, postgres: postgres)
        let adoption = Adoption(redis: redis, postgres: postgres)
        try await steps.loadScripts()
        let epoch = try await steps.takeEpoch()
        try await steps.raiseCursors(of: [sale.id], to: epoch)
        _ = try await steps.fence(sale.id, epoch)
        do {
            // Only now nothing moves: buyers may have bought and released since the first plan.
            guard let final = try await gapPlan(sale.id), final.hash == plan.hash, let closing = final.closing else {
                throw ReconcileError(
                    .moved,
                    "sale \(sale.id) has moved since it was planned: nothing was written",
                    nextStep: "plan again with `\(JournalGap.nextStep(sale.id))`"
                )
            }
            let writer = GapWriter(closing: closing, hash: plan.hash, actor: actor, reason: reason, epoch: epoch)
            Failpoint.reach("gap.before-commit")
            try await writer.commit(on: postgres)
            Failpoint.reach("gap.after-commit")
        } catch {
            // As it was, under another epoch: buyers need not wait for the next server that looks.
            _ = try await adoption.adopt([sale])
            throw error
        }
        let outcome = try await adoption.adopt([sale])
        if let shut = outcome.shut[sale.id] {
            throw ReconcileError(
                .refused,
                "the gap of sale \(sale.id) was closed as planned, but it stays shut: \(shut.why)",
                nextStep: "look at `\(JournalGap.nextStep(sale.id))`"
            )
        }
        return Applied(plan: plan, epoch: outcome.epoch)
    }
}
