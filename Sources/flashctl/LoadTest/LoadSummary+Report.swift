import FlashSaleKit

extension LoadSummary: Report {
    var data: DataValue {
        .fields([
            "preset": .string(plan.name),
            "model": .string("closed"),
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
            "answers_per_second": .double(perSecond(tally.answered)),
            "purchases": rate(purchases),
            "accepted": rate(accepted),
            "refused": rate(refused),
            "server_errors": .integer(Int64(serverErrors)),
            "answers": .list(answers.map(answerData)),
            "network_errors": .list(networkErrors.map(networkErrorData)),
            "latency_ns": .list(latencyData),
            "generator": .fields([
                "processor_seconds": .double(processorSeconds), "processors": .double(processors),
            ]),
        ])
    }

    var sections: [ReportSection] {
        var sections: [ReportSection] = [
            .facts(title: nil, header),
            .table(title: nil, headlines),
            .table(title: "answers", answerTable),
        ]
        if !latencies.isEmpty { sections.append(.table(title: "latency by class of status", latencyTable)) }
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
        let model = "closed: each of \(NumberText.grouped(plan.connections)) connections waits for its answer"
        let answers = "\(NumberText.grouped(tally.answered)) of \(NumberText.grouped(plan.requests)) requests"
        let seconds = NumberText.decimal(loadSeconds, digits: 2)
        let rate = NumberText.grouped(Int(perSecond(tally.answered)))
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

    private var answerTable: TableLayout {
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

    private var latencyTable: TableLayout {
        TableLayout(
            columns: [.init("class")] + LoadSummary.percentiles.map { .init($0.name, .right) },
            rows: latencies.map { entry in
                [.init(entry.statusClass)]
                    + LoadSummary.percentiles.map { percentile in
                        .init(NumberText.latency(nanoseconds: entry.histogram.valueAtPercentile(percentile.value)))
                    }
            }
        )
    }

    private var verdict: String {
        if interruptedBy != nil { return "interrupted: these are the numbers until then" }
        if status == .success { return "ok: every request was answered, none with a server error" }
        return "failed: \(NumberText.grouped(serverErrors)) server errors, "
            + "\(NumberText.grouped(tally.networkErrors)) network errors, "
            + "\(NumberText.grouped(unsent)) requests not sent"
    }

    private func rate(_ count: UInt64) -> DataValue {
        .fields(["count": .integer(Int64(count)), "per_second": .double(perSecond(count))])
    }

    private func answerData(_ answer: (status: Int, code: String?, count: UInt64)) -> DataValue {
        .fields([
            "status": .integer(answer.status), "error": .optional(answer.code), "count": .integer(Int64(answer.count)),
        ])
    }

    private func networkErrorData(_ error: (kind: NetworkErrorKind, count: UInt64)) -> DataValue {
        .fields(["kind": .string(error.kind.name), "count": .integer(Int64(error.count))])
    }

    private var latencyData: [DataValue] {
        latencies.map { entry in
            var fields = [
                DataValue.Field(name: "class", value: .string(entry.statusClass)),
                DataValue.Field(name: "count", value: .integer(Int64(entry.histogram.totalCount))),
            ]
            for percentile in LoadSummary.percentiles {
                let value = entry.histogram.valueAtPercentile(percentile.value)
                fields.append(DataValue.Field(name: percentile.name, value: .integer(Int64(value))))
            }
            return .record(fields)
        }
    }
}
