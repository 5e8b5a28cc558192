extension LoadComparison: Report {
    var data: DataValue {
        .fields([
            "baseline": .string(baseline.path),
            "started_at": .string(baseline.startedAt),
            "ok": .bool(regressions.isEmpty),
            "metrics": .list(rows.map(LoadComparison.data)),
            "differences": .list(
                differences.map {
                    .fields(["name": .string($0.name), "before": .string($0.before), "now": .string($0.now)])
                }
            ),
        ])
    }

    private static func data(_ row: Row) -> DataValue {
        func number(_ value: Double?) -> DataValue { value.map { .double($0) } ?? .null }
        return .fields([
            "name": .string(row.metric.description),
            "before": number(row.before),
            "now": number(row.now),
            "change_percent": number(row.change),
            "tolerance_percent": number(row.tolerance),
            "regression": .bool(row.isRegression),
        ])
    }

    var sections: [ReportSection] {
        let title = "compared with \(baseline.path), started \(baseline.startedAt)"
        var sections: [ReportSection] = [.table(title: DisplayWidth.harmless(title), table)]
        if !differences.isEmpty {
            let rows = differences.map { [TableLayout.Cell($0.name), .init($0.before), .init($0.now)] }
            let layout = TableLayout(columns: [.init("what"), .init("before"), .init("now")], rows: rows)
            sections.append(.table(title: "not the same in both runs", layout))
        }
        return sections
    }

    private var table: TableLayout {
        TableLayout(
            columns: [
                .init("metric"), .init("before", .right), .init("now", .right), .init("change", .right),
                .init("tolerance", .right), .init("result"),
            ],
            rows: rows.map { row in
                func text(_ value: Double?) -> TableLayout.Cell {
                    .init(value.map { LoadValueText.text($0, row.metric.unit) } ?? "-")
                }
                let result: TableLayout.Cell =
                    row.tolerance == nil ? "" : row.isRegression ? .init("worse", .red) : .init("ok", .green)
                return [
                    .init(row.metric.description), text(row.before), text(row.now),
                    .init(row.change.map(LoadComparison.text(change:)) ?? "-"),
                    .init(row.tolerance.map { "\(LoadValueText.number($0)) %" } ?? "-"), result,
                ]
            }
        )
    }

    /// With its sign, which says nothing about better or worse.
    static func text(change: Double) -> String {
        (change >= 0 ? "+" : "") + NumberText.decimal(change, digits: 1) + " %"
    }
}

extension LoadComparison {
    /// Each regression in a sentence.
    var reasons: [String] {
        regressions.map { row in
            let unit = row.metric.unit
            let before = row.before.map { LoadValueText.text($0, unit) } ?? "-"
            guard let now = row.now else { return "\(row.metric) was \(before) and is no longer measured" }
            let tolerance = LoadValueText.number(row.tolerance ?? 0)
            return
                "\(row.metric) was \(before) and is \(LoadValueText.text(now, unit)), worse by more than \(tolerance) %"
        }
    }
}
