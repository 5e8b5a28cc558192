import FlashSaleKit
import Histogram

extension LoadSummary: Report {
    var data: DataValue {
        .fields([
            "preset": .string(plan.name),
            "model": .string(scheduled == nil ? "closed" : "scheduled"),
            "target": .string(plan.target.description),
            "run_id": .string(plan.runID),
            "requests": .integer(plan.requests),
            "connections": .integer(plan.connections),
            "threads": .integer(plan.threads),
            "started_at": .string(startedAt.rfc3339),
            "wall_seconds": .double(wallSeconds),
            "load_seconds": .double(loadSeconds),
            "interrupted": .bool(interruptedBy != nil),
            "ok": .bool(status == .success),
            "sent": .integer(Int64(tally.sent)),
            "answered": .integer(Int64(tally.answered)),
            "unanswered": .integer(Int64(unanswered)),
            "unsent": .integer(Int64(unsent)),
            "answers_per_second": .double(perSecond(allAnswers)),
            "purchases": purchaseData,
            "accepted": .record(rate(accepted)),
            "refused": .record(rate(refused)),
            "server_errors": .integer(Int64(serverErrors)),
            "answers": .list(LoadSummary.data(answers)),
            "network_errors": .list(networkErrors.map(networkErrorData)),
            "latency_ns": .list(latencies.map { LoadSummary.data($0.histogram, class: $0.statusClass) }),
            "generator": .fields([
                "processor_seconds": .double(processorSeconds), "processors": .double(processors),
            ]),
        ])
    }

    var sections: [ReportSection] {
        var sections: [ReportSection] = [
            .facts(title: nil, header),
            .table(title: nil, headlines),
            .table(title: "answers", LoadSummary.table(answers)),
        ]
        sections += purchaseSections
        if !latencyRows.isEmpty { sections.append(.table(title: "latency by class of status", latencyTable)) }
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
        let connections = NumberText.grouped(plan.connections)
        let model =
            scheduled == nil
            ? "closed: each of \(connections) connections waits for its answer"
            : "scheduled: over \(connections) connections, measured from the intended time"
        let answers = "\(NumberText.grouped(tally.answered)) of \(NumberText.grouped(plan.requests)) requests"
        let seconds = NumberText.decimal(loadSeconds, digits: 2)
        let rate = NumberText.grouped(Int(perSecond(allAnswers)))
        return [
            ("preset", .init(plan.name, .bold)),
            ("model", .init(model)),
            ("target", .init(plan.target.description)),
            ("run id", .init(plan.runID)),
            ("answered", .init(answers)),
            ("time", .init("\(seconds) s of load, \(NumberText.decimal(wallSeconds, digits: 2)) s in all")),
            ("throughput", .init("\(rate) answers/s, refusals included")),
            ("generator", .init("\(NumberText.decimal(processors, digits: 2)) processors busy")),
        ]
    }

    private var headlines: TableLayout {
        func row(_ name: String, _ count: UInt64) -> [TableLayout.Cell] {
            [
                .init(name), .init(NumberText.grouped(count)),
                .init(NumberText.grouped(Int(perSecond(count).rounded()))),
            ]
        }
        return TableLayout(
            columns: [.init("result"), .init("count", .right), .init("per second", .right)],
            rows: [
                row("committed purchases", purchases),
                row("accepted checkouts", accepted),
                row("refusals", refused),
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

    private var latencyRows: [(name: String, histogram: Histogram<UInt64>)] {
        guard plan.purchasePercent > 0 else { return latencies.map { ($0.statusClass, $0.histogram) } }
        return latencies.map { ("checkout \($0.statusClass)", $0.histogram) } + purchaseLatencyRows
    }

    private var latencyTable: TableLayout {
        TableLayout(
            columns: [.init("class")] + LoadSummary.percentiles.map { .init($0.name, .right) },
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
        if status == .success { return "ok: every request was answered, none with a server error" }
        return "failed: \(NumberText.grouped(serverErrors)) server errors, "
            + "\(NumberText.grouped(allNetworkErrors)) network errors, "
            + "\(NumberText.grouped(unsent)) requests not sent" + purchaseVerdict
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
    static func data(_ histogram: Histogram<UInt64>, class statusClass: String? = nil) -> DataValue {
        var fields = statusClass.map { [DataValue.Field(name: "class", value: .string($0))] } ?? []
        fields.append(DataValue.Field(name: "count", value: .integer(Int64(histogram.totalCount))))
        for percentile in LoadSummary.percentiles {
            let value = histogram.valueAtPercentile(percentile.value)
            fields.append(DataValue.Field(name: percentile.name, value: .integer(Int64(value))))
        }
        return .record(fields)
    }
}
