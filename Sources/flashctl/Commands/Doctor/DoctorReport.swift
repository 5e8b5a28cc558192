import FlashSaleKit

/// Everything that `doctor` has found.
struct DoctorReport: Report, Sendable {
    /// What a running server looks at too.
    var guards: GuardReport
    /// What only `doctor` looks at.
    var deep: [DeepCheck]

    /// A check of either kind.
    struct Finding: Sendable {
        var area: DoctorArea
        var name: String
        var level: GuardCheck.Level
        var sentence: String
        var fix: String?
    }

    /// All of them, by area; within one the checks of a server come first.
    var findings: [Finding] {
        let all =
            guards.checks.map { check in
                Finding(
                    area: DoctorArea.of(check.name),
                    name: check.name.rawValue,
                    level: check.level,
                    sentence: check.sentence,
                    fix: check.nextStep
                )
            }
            + deep.map { check in
                Finding(
                    area: DoctorArea.of(check.name),
                    name: check.name.rawValue,
                    level: check.level,
                    sentence: check.sentence,
                    fix: check.fix
                )
            }
        return DoctorArea.allCases.flatMap { area in all.filter { $0.area == area } }
    }

    /// The worst of all.
    var level: GuardCheck.Level { findings.map(\.level).max() ?? .ok }

    var data: DataValue {
        .fields([
            "level": .string(level.rawValue),
            "checks": .list(
                findings.map { finding in
                    .fields([
                        "name": .string(finding.name),
                        "level": .string(finding.level.rawValue),
                        "message": .string(finding.sentence),
                        "next_step": .optional(finding.fix),
                        "area": .string(finding.area.rawValue),
                    ])
                }
            ),
            "clocks": .list(
                guards.skew.pairs.map { pair in
                    .fields([
                        "first": .string(pair.first),
                        "second": .string(pair.second),
                        "ahead_ms": .double(Double(pair.offset.microseconds) / 1000),
                        "uncertainty_ms": .double(Double(pair.offset.uncertainty) / 1000),
                    ])
                }
            ),
            "journal": .list(
                guards.lags.map { lag in
                    .fields([
                        "sale": .integer(lag.saleID.rawValue),
                        "stream": .string(lag.stream.rawValue),
                        "waiting_entries": .integer(lag.entries),
                        "waiting_bytes": .integer(lag.bytes),
                        "behind_ms": .integer(Int(lag.seconds * 1000)),
                    ])
                }
            ),
        ])
    }

    var sections: [ReportSection] {
        let findings = findings
        let width = GuardCheck.Level.allCases.map(\.rawValue.count).max() ?? 0
        var sections = DoctorArea.allCases.compactMap { area -> ReportSection? in
            let own = findings.filter { $0.area == area }
            guard !own.isEmpty else { return nil }
            let rows = own.map { finding in
                FindingList.Finding(
                    level: finding.level.rawValue,
                    style: GuardSection.style(finding.level),
                    name: finding.name,
                    sentence: finding.sentence,
                    fix: finding.fix
                )
            }
            return .layout(title: area.title, FindingList(findings: rows, levelWidth: width))
        }
        let critical = findings.count { $0.level == .critical }
        let warnings = findings.count { $0.level == .warning }
        let total =
            critical + warnings == 0
            ? "All \(findings.count) checks are ok."
            : "\(findings.count) checks: \(critical) critical, \(warnings) warning\(warnings == 1 ? "" : "s")."
        sections.append(.paragraph(total))
        return sections
    }
}
