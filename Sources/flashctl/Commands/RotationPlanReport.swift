import FlashSaleKit

/// What `rotate-hour` would do.
struct RotationPlanReport: Report, Sendable {
    var plan: RotationPlan

    var data: DataValue {
        .fields([
            "create": .list(plan.created.map { SaleReport.data($0) }),
            "open": .list(plan.opened.map { .integer($0.rawValue) }),
            "finish": .list(plan.finished.map { .integer($0.rawValue) }),
            "wait": .list(
                plan.waiting.sorted { $0.key < $1.key }.map { sale, reason in
                    .fields(["sale": .integer(sale.rawValue), "reason": .string(reason)])
                }
            ),
        ])
    }

    var sections: [ReportSection] {
        var lines = plan.created.map { terms in
            "would create and open: the sale of \(terms.opensAt.rfc3339), \(terms.itemName), "
                + NumberText.counted(terms.stock, "unit")
        }
        lines += plan.opened.map { "would open: sale \($0)" }
        lines += plan.finished.map { "would finish: sale \($0)" }
        lines += plan.waiting.sorted { $0.key < $1.key }.map { "would not finish yet: sale \($0.key), \($0.value)" }
        if lines.isEmpty { lines = ["nothing to do"] }
        return [.paragraph((lines + ["nothing was changed"]).joined(separator: "\n"))]
    }
}
