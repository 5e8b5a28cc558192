/// What the page says in tables.
extension ReportPage {
    var tables: String {
        [outcomes, purchases, latency, serviceTime, thresholds, verification, comparison, answers, errors].joined()
    }

    private var outcomes: String {
        ReportPage.section(
            "Outcomes",
            caption: "How requests ended; refusals are correct answers, and no successes",
            columns: [.init("outcome", isNumber: false), .init("count"), .init("per second"), .init("share")],
            rows: record.seenOutcomes.map { outcome in
                let count = record.figures.count(of: LoadGroup(outcome))
                return [
                    .init(outcome.rawValue, swatch: "o-\(outcome.rawValue)"), .init(NumberText.grouped(count)),
                    .init(LoadValueText.number(record.figures.perSecond(count))),
                    .init(LoadRecord.share(record.figures.share(of: count))),
                ]
            }
        )
            + ReportPage.section(
                "Requests",
                facts: [.init("counts", record.requestText), .init("rate", record.rateText)]
            )
    }

    private var purchases: String {
        record.purchases.isEmpty ? "" : ReportPage.section("Purchases", facts: record.purchases)
    }

    private var latency: String { percentiles("Latency", "From the intended send time", record.latencyRows) }

    private var serviceTime: String {
        percentiles("Service time", "From the actual send time: what the server itself took", record.serviceRows)
    }

    private func percentiles(_ title: String, _ caption: String, _ rows: [LoadRecord.LatencyRow]) -> String {
        guard !rows.isEmpty else { return "" }
        return ReportPage.section(
            title,
            caption: caption,
            columns: [.init("requests", isNumber: false)] + LoadRecord.percentiles.map { .init($0.name) },
            rows: rows.map { row in
                [Markup.Cell(row.name)]
                    + LoadRecord.percentiles.map {
                        .init(NumberText.latency(nanoseconds: row.histogram.valueAtPercentile($0.value)))
                    }
            }
        )
    }

    private var thresholds: String {
        guard !record.thresholds.isEmpty else { return "" }
        return ReportPage.section(
            "Thresholds",
            caption: "The run fails if one of these is true",
            columns: [.init("fails if", isNumber: false), .init("measured"), .init("result", isNumber: false)],
            rows: record.thresholds.map { result in
                let value = result.value.map { LoadValueText.text($0, result.threshold.metric.unit) } ?? "nothing"
                return [
                    .init(result.threshold.text), .init(value),
                    result.isFailure ? .init("failed", style: "bad") : .init("ok", style: "good"),
                ]
            }
        )
    }

    private var verification: String {
        guard let verification = record.verification else {
            return ReportPage.section("Verification", facts: [.init("result", "not asked for (--verify)")])
        }
        return ReportPage.section(
            "Verification",
            caption: "Our own history of answers against Redis and Postgres; "
                + "\(NumberText.grouped(verification.oversold)) units oversold",
            columns: [
                .init("check", isNumber: false), .init("checked"), .init("violated"),
                .init("offenders", isNumber: false),
            ],
            rows: verification.rows.map { row in
                [
                    .init(row.name), .init(NumberText.grouped(row.checked)),
                    .init(NumberText.grouped(row.violations), style: row.violations == 0 ? "good" : "bad"),
                    .init(row.offenders.joined(separator: ", ")),
                ]
            }
        )
    }

    private var comparison: String {
        guard let comparison = record.comparison else { return "" }
        let rows = comparison.rows.map { row -> [Markup.Cell] in
            func text(_ value: Double?) -> Markup.Cell {
                .init(value.map { LoadValueText.text($0, row.metric.unit) } ?? "-")
            }
            let result: Markup.Cell =
                row.tolerance == nil
                ? .init("") : row.isRegression ? .init("worse", style: "bad") : .init("ok", style: "good")
            return [
                .init(row.metric.description), text(row.before), text(row.now),
                .init(row.change.map(LoadComparison.text(change:)) ?? "-"),
                .init(row.tolerance.map { "\(LoadValueText.number($0)) %" } ?? "-"), result,
            ]
        }
        return ReportPage.section(
            "Comparison",
            caption: "With \(comparison.baseline.path), started \(comparison.baseline.startedAt)",
            columns: [
                .init("metric", isNumber: false), .init("before"), .init("now"), .init("change"), .init("tolerance"),
                .init("result", isNumber: false),
            ],
            rows: rows
        )
    }

    private var answers: String {
        guard record.hasErrors, !record.answers.isEmpty else { return "" }
        return ReportPage.section(
            "Answers",
            caption: "By status and error code",
            columns: [.init("status", isNumber: false), .init("error", isNumber: false), .init("count")],
            rows: record.answers.map { answer in
                [
                    .init(String(answer.status), style: answer.status >= 500 ? "bad" : nil),
                    .init(answer.error ?? "-"), .init(NumberText.grouped(answer.count)),
                ]
            }
        )
    }

    private var errors: String {
        guard !record.networkErrors.isEmpty else { return "" }
        return ReportPage.section(
            "Network errors",
            facts: record.networkErrors.map { .init($0.kind, NumberText.grouped($0.count)) }
        )
    }

    /// Everything that has to be the same for a second run to be comparable.
    var provenance: String {
        let source = record.provenance
        var machine: [LoadRecord.Fact] = [
            .init("flashctl", "\(source.version), revision \(source.revision)"),
            .init("command", source.commandLine.joined(separator: " ")),
            .init("seed", source.seed.map { String($0) } ?? "none"), .init("started", source.startedAt.rfc3339),
            .init("host", source.host), .init("kernel", source.kernel),
            .init("cores", String(source.cores) + (source.processor.map { " of \($0)" } ?? "")),
            .init("generator", "\(NumberText.decimal(record.figures.processors, digits: 2)) processors busy"),
        ]
        for store in source.stores {
            let settings = store.settings.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
            machine.append(
                .init(store.name, [store.description, settings].filter { !$0.isEmpty }.joined(separator: ": "))
            )
        }
        return ReportPage.section("Plan", facts: record.plan)
            + ReportPage.section("Where this was measured", facts: machine)
    }
}
