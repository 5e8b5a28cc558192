import FlashSaleKit

/// What `reconcile` would do, or has done.
struct ReconcileReport: Report, Sendable {
    var plans: [ReconciliationPlan]
    /// The epoch at which the sale went on, once the plan was applied.
    var epoch: Int64?

    /// What is left to people is not repaired.
    var failure: CommandFailure? {
        let left = plans.flatMap { plan in plan.needsPerson.map { (plan.saleID, $0) } }
        guard let first = left.first else { return nil }
        return CommandFailure(
            .invariantViolated,
            "\(left.count) finding\(left.count == 1 ? "" : "s") of sale \(first.0) cannot be repaired without "
                + "deleting or guessing, the first one: \(first.1)",
            nextStep: "look at it with psql and redis-cli; `flashctl verify` says when it is right again"
        )
    }

    var data: DataValue {
        .list(
            plans.map { plan in
                .fields([
                    "sale": .integer(plan.saleID.rawValue),
                    "hash": plan.isEmpty ? .null : .string(plan.hash),
                    "applied": .bool(epoch != nil),
                    "epoch": epoch.map { .integer($0) } ?? .null,
                    "steps": .list(
                        plan.steps.map { .fields(["action": .string($0.action), "why": .string($0.why)]) }
                    ),
                    "needs_person": .list(plan.needsPerson.map { .string($0) }),
                ])
            }
        )
    }

    var sections: [ReportSection] {
        if plans.isEmpty { return [.paragraph("no sale is open: nothing to reconcile")] }
        return plans.flatMap(sections)
    }

    private func sections(_ plan: ReconciliationPlan) -> [ReportSection] {
        var lines: [String] = []
        if plan.isEmpty {
            lines.append("sale \(plan.saleID): nothing to do")
        } else {
            lines.append("sale \(plan.saleID): \(plan.steps.count) steps\(epoch == nil ? "" : ", done")")
        }
        for (number, step) in plan.steps.enumerated() {
            lines.append("  \(number + 1). \(DisplayWidth.harmless(step.action))")
            lines.append("     because \(DisplayWidth.harmless(step.why))")
        }
        if !plan.needsPerson.isEmpty {
            lines.append("needs a person:")
            lines += plan.needsPerson.map { "  - \(DisplayWidth.harmless($0))" }
        }
        if let epoch {
            lines.append("the sale goes on at epoch \(epoch)")
        } else if !plan.isEmpty {
            lines.append("to do this: flashctl reconcile --apply --sale \(plan.saleID) --confirm \(plan.hash)")
        }
        return [.paragraph(lines.joined(separator: "\n"))]
    }
}
