import FlashSaleKit

/// A load test whose traffic was that of a past sale.
struct ReplayTargetReport: Report {
    var sale: Sale
    var summary: LoadSummary
    var comparison: ReplayComparison
    var speed: ReplaySpeed
    var isOrdered: Bool
    /// Percent of the attempts by which a count may differ.
    var tolerance: Double

    /// Whether the counts of the past sale came out again.
    var isReproduced: Bool { comparison.isWithin(tolerance: tolerance) }

    /// The status with which the command ends.
    var status: ExitStatus {
        if let interrupted = summary.interruptedBy { return interrupted }
        return isReproduced ? summary.status : .thresholdFailed
    }

    var data: DataValue {
        .fields([
            "sale": .integer(sale.id.rawValue),
            "speed": .string(speed.defaultValueDescription),
            "ordered": .bool(isOrdered),
            "tolerance_percent": .double(tolerance),
            "reproduced": .bool(isReproduced),
            "outcomes": .list(
                Outcome.allCases.map { outcome in
                    .fields([
                        "outcome": .string(outcome.name),
                        "original": .integer(comparison.original[outcome, default: 0]),
                        "replayed": .integer(comparison.replayed[outcome, default: 0]),
                        "difference": .integer(comparison.difference(of: outcome)),
                    ])
                }
            ),
            "without_outcome": .integer(comparison.withoutOutcome),
            "left_out": .integer(comparison.leftOut),
            "skipped": .integer(comparison.skipped),
            "differing_attempts": .integer(comparison.differences),
            "first_difference": comparison.first.map(ReplayTargetReport.data) ?? .null,
            "purchases": ReplayTargetReport.data(summary.scheduled?.purchases.requests),
            "given_back": ReplayTargetReport.data(summary.scheduled?.releases),
            "load": summary.data,
        ])
    }

    private static func data(_ difference: ReplayComparison.Difference) -> DataValue {
        .fields([
            "epoch": .integer(difference.place.epoch), "seq": .integer(difference.place.seq),
            "idx": .integer(difference.place.index), "user": .user(difference.user),
            "original": .string(difference.original.name),
            "status": difference.status.map { .integer($0) } ?? .null,
        ])
    }

    private static func data(_ tally: LoadTally?) -> DataValue {
        guard let tally else { return .null }
        return .fields([
            "sent": .integer(Int64(tally.sent)), "answered": .integer(Int64(tally.answered)),
            "answers": .list(LoadSummary.data(tally.answers)),
        ])
    }

    var sections: [ReportSection] {
        var sections = summary.sections
        if let scheduled = summary.scheduled {
            for (title, tally) in [
                ("answers to purchases", scheduled.purchases.requests),
                ("answers to holds given back", scheduled.releases),
            ] where tally.sent > 0 { sections.append(.table(title: title, LoadSummary.table(tally.answers))) }
        }
        return sections + [.table(title: "outcomes of sale \(sale.id)", outcomes), .paragraph(verdict)]
    }

    private var outcomes: TableLayout {
        TableLayout(
            columns: [
                .init("outcome"), .init("original", .right), .init("replayed", .right), .init("difference", .right),
            ],
            rows: Outcome.allCases.map { outcome in
                let difference = comparison.difference(of: outcome)
                let isLeftOut = outcome == .banned && comparison.leftOut > 0
                return [
                    .init(outcome.name), .init(NumberText.grouped(comparison.original[outcome, default: 0])),
                    .init(NumberText.grouped(comparison.replayed[outcome, default: 0])),
                    .init(
                        isLeftOut ? "left out" : NumberText.grouped(difference),
                        difference == 0 ? .plain : .red
                    ),
                ]
            }
        )
    }

    private var verdict: String {
        var text =
            isReproduced
            ? "reproduced: the target decided as sale \(sale.id) did"
            : "not reproduced: the counts of sale \(sale.id) differ by more than \(tolerance) % of its attempts"
        if comparison.withoutOutcome > 0 { text += "; \(comparison.withoutOutcome) attempts got no outcome" }
        if comparison.skipped > 0 {
            text += "; \(comparison.skipped) purchases and returns were left out, since their hold was not got again"
        }
        if let first = comparison.first {
            let answer = first.status.map { "\($0)" } ?? "no answer"
            text +=
                "; \(NumberText.grouped(comparison.differences)) attempts were decided otherwise, the first one: "
                + "step \(first.place.seq), row \(first.place.index), user '\(first.user)', "
                + "\(first.original.name) then, \(answer) now"
        }
        return text
    }
}
