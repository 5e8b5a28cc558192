import FlashSaleKit

/// What `verify` found: one element for each sale.
struct VerifyReport: Report, Sendable {
    var sales: [VerificationReport] = []

    /// How the command ends when not everything holds.
    var failure: CommandFailure? {
        let broken = sales.filter { $0.violations > 0 }
        if let first = broken.first, let finding = first.findings.first {
            let count = broken.reduce(0) { $0 + $1.violations }
            let ids = broken.map(\.saleID.description).joined(separator: ", ")
            let parts = finding.sentence.components(separatedBy: "; next step: ")
            return CommandFailure(
                .invariantViolated,
                "\(count) violation\(count == 1 ? "" : "s") in sale \(ids), the first one: \(parts[0])",
                nextStep: parts.count > 1 ? parts[1] : nil
            )
        }
        for report in sales {
            if case .recovering(let why) = report.standing {
                return CommandFailure(.tryLater, "not everything could be counted: \(why)", nextStep: "try again")
            }
        }
        return nil
    }

    var data: DataValue { .list(sales.map(VerifyReport.data)) }

    private static func data(_ report: VerificationReport) -> DataValue {
        .fields([
            "sale": .integer(report.saleID.rawValue),
            "at": .string(report.at.rfc3339),
            "standing": .string(standing(report)),
            "epoch": .integer(report.epoch),
            "ok": .bool(report.violations == 0),
            "violations": .integer(report.violations),
            "invariants": .list(report.invariants.map(data)),
        ])
    }

    private static func data(_ invariant: Invariant) -> DataValue {
        .fields([
            "name": .string(invariant.kind.rawValue),
            "promise": .string(invariant.kind.promise),
            "ok": .bool(invariant.violations == 0),
            "violations": .integer(invariant.violations),
            "figures": .record(invariant.figures.map { .init(name: $0.name, value: .integer($0.value)) }),
            "findings": .list(invariant.findings.map(data)),
        ])
    }

    private static func data(_ finding: Finding) -> DataValue {
        .fields([
            "sentence": .string(finding.sentence),
            "sale": .integer(finding.saleID.rawValue),
            "hold": .optional(finding.holdID?.description),
            "user": .user(finding.user),
            "unit": finding.unit.map { .integer($0) } ?? .null,
        ])
    }

    private static func standing(_ report: VerificationReport) -> String {
        switch report.standing {
        case .compared: "compared"
        case .finished: "finished"
        case .unopened: "not opened"
        case .recovering: "recovering"
        }
    }

    var sections: [ReportSection] {
        if sales.isEmpty { return [.paragraph("no sale is open: nothing to verify")] }
        return sales.flatMap(VerifyReport.sections)
    }

    private static func sections(_ report: VerificationReport) -> [ReportSection] {
        let rows = report.invariants.map { invariant -> [TableLayout.Cell] in
            let count = invariant.violations
            let figures = invariant.figures.map { "\($0.name) \(NumberText.grouped(Int($0.value)))" }
            return [
                count == 0 ? .init("ok", .green) : .init("\(NumberText.grouped(count)) violated", .red),
                .init(invariant.kind.rawValue), .init(figures.joined(separator: ", ")),
            ]
        }
        let columns: [TableLayout.Column] = [.init("result"), .init("invariant"), .init("figures")]
        let count = report.violations
        let result = count == 0 ? "everything holds" : count == 1 ? "1 violation" : "\(count) violations"
        let title = "sale \(report.saleID), \(standing(report)), epoch \(report.epoch): \(result)"
        var sections: [ReportSection] = [.table(title: title, TableLayout(columns: columns, rows: rows))]
        for invariant in report.invariants where invariant.violations > 0 {
            var lines = ["\(invariant.kind.rawValue): \(invariant.kind.promise)"]
            lines += invariant.findings.map { "  \(DisplayWidth.harmless($0.sentence))" }
            let rest = invariant.violations - invariant.findings.count
            if rest > 0 { lines.append("  and \(NumberText.grouped(rest)) more") }
            sections.append(.paragraph(lines.joined(separator: "\n")))
        }
        return sections
    }
}
