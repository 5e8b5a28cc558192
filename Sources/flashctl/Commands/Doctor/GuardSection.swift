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
                value: TableLayout.Cell("\(check.level.rawValue): \(check.sentence)", style(check.level))
            )
        }
        return .facts(title: "Checks (flashctl doctor says what to do)", facts)
    }

    static func style(_ level: GuardCheck.Level) -> TextStyle {
        switch level {
        case .ok: .plain
        case .warning: .yellow
        case .critical: .red
        }
    }
}
