import FlashSaleKit

/// How checks are written, for people and for programs.
enum GuardSection {
    static func data(_ checks: [GuardCheck]) -> DataValue {
        .list(
            checks.map { check in
                .fields([
                    "name": .string(check.name.rawValue),
                    "level": .string(check.level.rawValue),
                    "message": .string(check.sentence),
                    "next_step": .optional(check.nextStep),
                ])
            }
        )
    }

    /// What is not as it should be, in a few lines; one line when all is well.
    static func summary(_ report: GuardReport) -> ReportSection {
        let findings = report.findings
        guard !findings.isEmpty else { return .facts(title: "Checks", [("all", .init("ok", .green))]) }
        let facts = findings.map { check in
            (
                name: check.name.rawValue,
                value: TableLayout.Cell("\(check.level.rawValue): \(check.sentence)", style(check))
            )
        }
        return .facts(title: "Checks (flashctl doctor says what to do)", facts)
    }

    /// Every check with its sentence, and below it what to do.
    static func full(_ report: GuardReport) -> [ReportSection] {
        let width = GuardCheck.Level.allCases.map(\.rawValue.count).max() ?? 0
        let lines = report.checks.map { check in
            let word = check.level.rawValue
            let head = word + String(repeating: " ", count: width - word.count)
            let line = "\(head)  \(check.name.rawValue): \(DisplayWidth.harmless(check.sentence))"
            guard let step = check.nextStep else { return line }
            return line + "\n" + String(repeating: " ", count: width + 2) + "fix: \(DisplayWidth.harmless(step))"
        }
        return [.paragraph(lines.joined(separator: "\n"))]
    }

    private static func style(_ check: GuardCheck) -> TextStyle {
        switch check.level {
        case .ok: .plain
        case .warning: .yellow
        case .critical: .red
        }
    }
}
