import Histogram

/// The record for people.
extension LoadRecord {
    typealias LatencyRow = (name: String, histogram: Histogram<UInt64>)

    var sections: [ReportSection] {
        var sections: [ReportSection] = [
            .facts(title: nil, header), .table(title: nil, headlineTable), .table(title: "outcomes", outcomeTable),
        ]
        if !purchases.isEmpty {
            sections.append(.facts(title: "purchases", purchases.map { ($0.name, .init($0.value)) }))
        }
        if !latencyRows.isEmpty {
            sections.append(.table(title: "latency, from the intended send time", latencyTable(latencyRows)))
        }
        if !serviceRows.isEmpty {
            sections.append(.table(title: "service time, from the actual send time", latencyTable(serviceRows)))
        }
        if hasErrors, !answers.isEmpty {
            sections.append(.table(title: "answers by status and error code", answerTable))
        }
        if !networkErrors.isEmpty {
            let rows = networkErrors.map {
                [TableLayout.Cell($0.kind, .red), .init(NumberText.grouped($0.count), .red)]
            }
            let layout = TableLayout(columns: [.init("kind"), .init("count", .right)], rows: rows)
            sections.append(.table(title: "network errors", layout))
        }
        if let search { sections.append(.table(title: search.title, search.table)) }
        if !thresholds.isEmpty { sections.append(.table(title: "thresholds", thresholdTable)) }
        if let verification { sections += LoadRecord.sections(verification) }
        if let comparison { sections += comparison.sections }
        sections.append(.facts(title: nil, [(verdict.word, .init(verdict.text, verdict.style))]))
        return sections
    }

    /// The plan, what became of the requests, and what the generator needed.
    var header: [(name: String, value: TableLayout.Cell)] {
        var facts: [(name: String, value: TableLayout.Cell)] = [
            ("scenario", .init(title, .bold)), ("model", .init(model.explanation)), ("target", .init(target)),
        ]
        facts += plan.map { ($0.name, .init($0.value)) }
        facts.append(("requests", .init(requestText)))
        facts.append(("rate", .init(rateText)))
        let lag = NumberText.latency(nanoseconds: figures.scheduleLagP99)
        let processors = NumberText.decimal(figures.processors, digits: 2)
        let late = model == .closed ? "" : ", sent at most \(lag) late (p99)"
        facts.append(("generator", .init("\(processors) processors busy\(late)")))
        return facts
    }

    var requestText: String {
        func text(_ count: UInt64) -> String { NumberText.grouped(count) }
        return
            "\(text(figures.scheduled)) scheduled, \(text(figures.sent)) sent, \(text(figures.completed)) completed, "
            + "\(text(figures.unsent)) unsent, \(text(figures.unanswered)) unanswered, "
            + "\(text(figures.count(of: LoadGroup(.timedOut)))) timed out"
    }

    var rateText: String {
        func perSecond(_ count: UInt64) -> String { LoadValueText.number(figures.perSecond(count).rounded()) + "/s" }
        let sent = perSecond(figures.sentOfPlan) + " sent"
        let besides = figures.followUps > 0 ? ", \(perSecond(figures.followUps)) follow-ups besides" : ""
        let seconds = "in \(NumberText.decimal(figures.seconds, digits: 1)) s" + besides
        guard let targeted = figures.targeted, targeted > 0, figures.seconds > 0 else { return "\(sent) \(seconds)" }
        let target = LoadValueText.number((targeted / figures.seconds).rounded())
        let share = NumberText.decimal(100 * Double(figures.sentOfPlan) / targeted, digits: 1)
        return "\(sent) of \(target)/s asked for (\(share) %) \(seconds)"
    }

    private var headlineTable: TableLayout {
        TableLayout(
            columns: [
                .init("result"), .init("count", .right), .init("per second", .right), .init("p50", .right),
                .init("p99", .right),
            ],
            rows: LoadRecord.headlines.map { headline in
                let count = figures.count(of: headline.group)
                let latency = figures.latency(of: headline.group)
                func text(_ percentile: Double) -> TableLayout.Cell {
                    .init(latency.map { NumberText.latency(nanoseconds: $0.valueAtPercentile(percentile)) } ?? "-")
                }
                return [
                    .init(headline.name), .init(NumberText.grouped(count)),
                    .init(LoadValueText.number(figures.perSecond(count).rounded())), text(50), text(99),
                ]
            }
        )
    }

    private var outcomeTable: TableLayout {
        TableLayout(
            columns: [.init("outcome"), .init("count", .right), .init("share", .right)],
            rows: seenOutcomes.map { outcome in
                let count = figures.count(of: LoadGroup(outcome))
                let style: TextStyle = outcome.isError ? .red : outcome.isRefusal ? .plain : .green
                return [
                    .init(outcome.rawValue, style), .init(NumberText.grouped(count)),
                    .init(LoadRecord.share(figures.share(of: count))),
                ]
            }
        )
    }

    /// Whether the outcomes do not say everything about the answers.
    var hasErrors: Bool { seenOutcomes.contains(where: \.isError) }

    private var answerTable: TableLayout {
        TableLayout(
            columns: [.init("status", .right), .init("error"), .init("count", .right)],
            rows: answers.map { answer in
                let style: TextStyle = answer.status >= 500 ? .red : answer.status < 300 ? .green : .plain
                return [
                    .init(String(answer.status), style), .init(answer.error.map(DisplayWidth.harmless) ?? "-"),
                    .init(NumberText.grouped(answer.count)),
                ]
            }
        )
    }

    /// Percent; something is never shown as nothing.
    static func share(_ percent: Double) -> String {
        percent > 0 && percent < 0.01 ? "< 0.01 %" : NumberText.decimal(percent, digits: 2) + " %"
    }

    /// Latencies of the kinds and of each outcome that was seen.
    var latencyRows: [LatencyRow] { rows { figures.latency(of: $0) } }
    var serviceRows: [LatencyRow] { rows { figures.serviceTime(of: $0) } }

    private func rows(_ histogram: (LoadGroup) -> Histogram<UInt64>?) -> [LatencyRow] {
        let groups = [.checkouts, .purchases, .releases] + seenOutcomes.map { LoadGroup($0) }
        return groups.compactMap { group in histogram(group).map { (group.name, $0) } }
    }

    private func latencyTable(_ rows: [LatencyRow]) -> TableLayout {
        let shown = LoadRecord.percentiles.filter { [50, 90, 99, 99.9, 100].contains($0.value) }
        return TableLayout(
            columns: [.init("requests")] + shown.map { .init($0.name, .right) },
            rows: rows.map { row in
                [.init(row.name)]
                    + shown.map { .init(NumberText.latency(nanoseconds: row.histogram.valueAtPercentile($0.value))) }
            }
        )
    }

    private var thresholdTable: TableLayout {
        TableLayout(
            columns: [.init("fails if"), .init("measured", .right), .init("result")],
            rows: thresholds.map { result in
                let value = result.value.map { LoadValueText.text($0, result.threshold.metric.unit) } ?? "nothing"
                return [
                    .init(result.threshold.text), .init(value),
                    result.isFailure ? .init("failed", .red) : .init("ok", .green),
                ]
            }
        )
    }

    private static func sections(_ verification: LoadVerification) -> [ReportSection] {
        let broken = verification.rows.filter { $0.violations > 0 }.map { row -> ReportSection in
            var lines = ["\(row.name): \(NumberText.grouped(row.violations)) violated"]
            lines += row.offenders.map { "  \(DisplayWidth.harmless($0))" }
            let rest = row.violations - row.offenders.count
            if rest > 0 { lines.append("  and \(NumberText.grouped(rest)) more") }
            return .paragraph(lines.joined(separator: "\n"))
        }
        return [.table(title: "answers compared with the stores", table(verification))] + broken
    }

    private static func table(_ verification: LoadVerification) -> TableLayout {
        TableLayout(
            columns: [.init("result"), .init("check"), .init("checked", .right)],
            rows: verification.rows.map { row in
                let isGood = row.violations == 0
                return [
                    isGood ? .init("ok", .green) : .init("\(NumberText.grouped(row.violations)) violated", .red),
                    .init(row.name), .init(NumberText.grouped(row.checked)),
                ]
            }
        )
    }
}

extension LoadSearch {
    /// What was found, in a sentence.
    var title: String {
        guard let best else { return "no rate was found at which \(condition.text)" }
        return "\(condition.text) up to \(LoadValueText.number(best))/s"
    }

    var table: TableLayout {
        TableLayout(
            columns: [
                .init("asked for", .right), .init("achieved", .right), .init(condition.metric.description, .right),
                .init("result"),
            ],
            rows: steps.sorted { $0.rate < $1.rate }.map { step in
                [
                    .init("\(LoadValueText.number(step.rate))/s"),
                    .init("\(LoadValueText.number(step.achieved.rounded()))/s"),
                    .init(step.value.map { LoadValueText.text($0, condition.metric.unit) } ?? "-"),
                    step.holds ? .init("holds", .green) : .init("does not hold", .red),
                ]
            }
        )
    }
}
