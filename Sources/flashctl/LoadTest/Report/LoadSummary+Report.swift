import FlashSaleKit
import Histogram

extension LoadSummary: Report {
    var data: DataValue {
        func number(_ name: String, _ count: UInt64) -> DataValue.Field {
            DataValue.Field(name: name, value: .integer(Int64(count)))
        }
        func field(_ name: String, _ value: DataValue) -> DataValue.Field { DataValue.Field(name: name, value: value) }
        return .record([
            field("preset", .string(plan.name)), field("model", .string(modelName)),
            field("target", .string(plan.target.description)), field("run_id", .string(plan.runID)),
            // As text: not every reader of JSON has whole numbers of 64 bits.
            field("seed", .string(String(plan.seed))), field("requests", .integer(plan.requests)),
            field("connections", .integer(plan.connections)), field("threads", .integer(plan.threads)),
            field("started_at", .string(startedAt.rfc3339)), field("wall_seconds", .double(wallSeconds)),
            field("load_seconds", .double(loadSeconds)), field("warmup_seconds", .double(plan.warmupSeconds)),
            field("interrupted", .bool(interruptedBy != nil)), field("ok", .bool(status == .success)),
            field("valid", .bool(invalidBecause.isEmpty)),
            field("invalid_because", .list(invalidBecause.map { .string($0) })),
            number("scheduled", scheduledRequests), number("sent", allSent), number("answered", allAnswers),
            number("unanswered", unanswered), number("unsent", unsent), number("timed_out", timedOut),
            field("target_per_second", targetRate.map { .double($0) } ?? .null),
            field("achieved_per_second", achievedRate.map { .double($0) } ?? .null),
            field("answers_per_second", .double(perSecond(allAnswers))), field("purchases", purchaseData),
            field("accepted", .record(rate(accepted))), field("refused", .record(rate(refused))),
            number("server_errors", serverErrors), field("answers", .list(LoadSummary.data(answers))),
            field("network_errors", .list(networkErrors.map(networkErrorData))),
            field("latency_ns", .list(latencies.map { LoadSummary.data($0.histogram, outcome: $0.outcome) })),
            field("service_ns", .list(serviceTimes.map { LoadSummary.data($0.histogram, outcome: $0.outcome) })),
            field("schedule_lag_ns", timing.lag.map { LoadSummary.data($0) } ?? .null),
            field(
                "generator",
                .fields([
                    "processor_seconds": .double(processorSeconds), "processors": .double(processors),
                    "busy_share": .double(busyShare),
                ])
            ),
        ])
    }

    var sections: [ReportSection] {
        var sections: [ReportSection] = [
            .facts(title: nil, header),
            .table(title: nil, headlines),
            .table(title: "answers to checkouts", LoadSummary.table(answers)),
        ]
        if !latencyRows.isEmpty { sections.append(.table(title: latencyTitle, latencyTable)) }
        if !networkErrors.isEmpty {
            let rows = networkErrors.map { error -> [TableLayout.Cell] in
                [.init(error.kind.name, .red), .init(NumberText.grouped(error.count), .red)]
            }
            let layout = TableLayout(columns: [.init("kind"), .init("count", .right)], rows: rows)
            sections.append(.table(title: "network errors", layout))
        }
        sections.append(.paragraph(verdict))
        return sections
    }

    private var header: [(name: String, value: TableLayout.Cell)] {
        let sent = "\(NumberText.grouped(allSent)) sent, \(NumberText.grouped(allAnswers)) answered, "
        let rest = "\(NumberText.grouped(unsent)) unsent, \(NumberText.grouped(timedOut)) timed out"
        let seconds = NumberText.decimal(loadSeconds, digits: 2)
        var rows: [(name: String, value: TableLayout.Cell)] = [
            ("preset", .init(plan.name, .bold)),
            ("model", .init(modelText)),
            ("target", .init(plan.target.description)),
            ("run id", .init("\(plan.runID), seed \(plan.seed)")),
            ("requests", .init("\(NumberText.grouped(scheduledRequests)) scheduled, " + sent + rest)),
            ("time", .init("\(seconds) s of load, \(NumberText.decimal(wallSeconds, digits: 2)) s in all")),
            ("throughput", .init("\(NumberText.grouped(Int(perSecond(allAnswers)))) answers/s, refusals included")),
        ]
        if let targetRate, let achievedRate {
            let rates = "\(NumberText.grouped(Int(targetRate.rounded())))/s wanted, "
            let lag = "schedule lag p99 \(NumberText.latency(nanoseconds: timing.lagP99))"
            rows.append(("rate", .init(rates + "\(NumberText.grouped(Int(achievedRate.rounded())))/s sent, " + lag)))
        }
        let busy = "\(NumberText.decimal(busyShare * 100, digits: 0)) % of its threads"
        rows.append(("generator", .init("\(NumberText.decimal(processors, digits: 2)) processors busy, \(busy)")))
        return rows
    }

    private var modelText: String {
        let connections = NumberText.grouped(plan.connections)
        switch plan.model {
        case _ where scheduled != nil:
            return "scheduled: over \(connections) connections, measured from the intended time"
        case .closed: return "closed: each of \(connections) connections waits for its answer"
        case .open(_, let arrivals):
            return "open: \(arrivals.rawValue) arrivals, at most \(connections) connections, measured from the "
                + "intended time"
        }
    }

    private var headlines: TableLayout {
        let times = times
        func row(_ name: String, _ count: UInt64, _ histogram: Histogram<UInt64>?) -> [TableLayout.Cell] {
            [
                .init(name), .init(NumberText.grouped(count)),
                .init(NumberText.grouped(Int(perSecond(count).rounded()))),
            ]
                + [50.0, 99.0].map { percentile in
                    .init(histogram.map { NumberText.latency(nanoseconds: $0.valueAtPercentile(percentile)) } ?? "-")
                }
        }
        return TableLayout(
            columns: [
                .init("result"), .init("count", .right), .init("per second", .right), .init("p50", .right),
                .init("p99", .right),
            ],
            rows: [
                row("committed purchases", purchases, times.latency(.purchased)),
                row("accepted checkouts", accepted, times.latency(.held)),
                row("refusals", refused, times.latency(of: LoadOutcome.allCases.filter(\.isRefusal))),
            ]
        )
    }

    static func table(_ answers: [(status: Int, code: String?, count: UInt64)]) -> TableLayout {
        TableLayout(
            columns: [.init("status", .right), .init("error"), .init("count", .right)],
            rows: answers.map { answer in
                let style: TextStyle = answer.status >= 500 ? .red : answer.status < 300 ? .green : .plain
                return [
                    .init(String(answer.status), style), .init(answer.code ?? "-"),
                    .init(NumberText.grouped(answer.count)),
                ]
            }
        )
    }

    private var latencyTitle: String {
        times.hasServiceTimes
            ? "latency by outcome, from the intended send time; below it the time from the actual one"
            : "latency by outcome"
    }

    private var latencyRows: [(name: String, histogram: Histogram<UInt64>)] {
        let times = times
        var rows: [(name: String, histogram: Histogram<UInt64>)] = []
        for outcome in times.seen {
            if let latency = times.latency(outcome) { rows.append((outcome.rawValue, latency)) }
            if times.hasServiceTimes, let service = times.service(outcome) { rows.append(("  service time", service)) }
        }
        return rows
    }

    private var latencyTable: TableLayout {
        TableLayout(
            columns: [.init("outcome")] + LoadSummary.percentiles.map { .init($0.name, .right) },
            rows: latencyRows.map { row in
                [.init(row.name)]
                    + LoadSummary.percentiles.map { percentile in
                        .init(NumberText.latency(nanoseconds: row.histogram.valueAtPercentile(percentile.value)))
                    }
            }
        )
    }

    private var verdict: String {
        if interruptedBy != nil { return "interrupted: these are the numbers until then" }
        if !invalidBecause.isEmpty { return "INVALID: " + invalidBecause.joined(separator: "; ") }
        if status == .success { return "ok: every request was answered, none with a server error" }
        return "failed: " + faults
    }

    /// What is wrong with a run that is not clean.
    var faults: String {
        let strange = strangeAnswers > 0 ? ", \(NumberText.grouped(strangeAnswers)) answers of an unknown kind" : ""
        return "\(NumberText.grouped(serverErrors)) server errors, "
            + "\(NumberText.grouped(allNetworkErrors)) network errors, "
            + "\(NumberText.grouped(unsent)) requests not sent" + strange + purchaseVerdict
    }

    func rate(_ count: UInt64) -> [DataValue.Field] {
        [
            DataValue.Field(name: "count", value: .integer(Int64(count))),
            DataValue.Field(name: "per_second", value: .double(perSecond(count))),
        ]
    }

    static func data(_ answers: [(status: Int, code: String?, count: UInt64)]) -> [DataValue] {
        answers.map { answer in
            .fields([
                "status": .integer(answer.status), "error": .optional(answer.code),
                "count": .integer(Int64(answer.count)),
            ])
        }
    }

    private func networkErrorData(_ error: (kind: NetworkErrorKind, count: UInt64)) -> DataValue {
        .fields(["kind": .string(error.kind.name), "count": .integer(Int64(error.count))])
    }

    /// Percentiles in nanoseconds, after the name of what they are of, if it needs one.
    static func data(_ histogram: Histogram<UInt64>, outcome: LoadOutcome? = nil) -> DataValue {
        var fields = outcome.map { [DataValue.Field(name: "outcome", value: .string($0.rawValue))] } ?? []
        fields.append(DataValue.Field(name: "count", value: .integer(Int64(histogram.totalCount))))
        for percentile in LoadSummary.percentiles {
            let value = histogram.valueAtPercentile(percentile.value)
            fields.append(DataValue.Field(name: percentile.name, value: .integer(Int64(value))))
        }
        return .record(fields)
    }
}
