/// The timeline for spreadsheets, after RFC 4180: a header, then a row for each point.
extension LoadRecord {
    private static let columns =
        [
            "start_s", "length_s", "warmup", "target_per_s", "scheduled", "sent", "follow_ups", "completed",
            "in_flight", "waiting",
        ] + LoadOutcome.allCases.map(\.rawValue) + [
            "p50_ns", "p90_ns", "p99_ns", "p99.9_ns", "max_ns", "schedule_lag_p99_ns", "processors", "stock_free",
            "stock_held", "stock_sold", "backlog",
        ]

    /// Numbers only: nothing needs quotes. What is not known is empty.
    var csv: String {
        let rows = timeline.map { LoadRecord.row($0).joined(separator: ",") }
        return ([LoadRecord.columns.joined(separator: ",")] + rows).map { $0 + "\n" }.joined()
    }

    private static func row(_ point: LoadPoint) -> [String] {
        var row = [String(point.start), String(point.length), point.isWarmup ? "1" : "0"]
        row.append(point.targetRate.map { String($0) } ?? "")
        row += [point.scheduled, point.sent, point.followUps, point.completed].map { String($0) }
        row += [point.inFlight, point.waiting].map { String($0) }
        row += point.outcomes.map { String($0) }
        let latency = point.latency
        row += [latency.p50, latency.p90, latency.p99, latency.p999, latency.max].map { String($0) }
        row += [String(point.scheduleLagP99), String(point.processors)]
        let shop = point.shop.map { [$0.free, $0.held, $0.sold, $0.backlog].map { String($0) } }
        return row + (shop ?? Array(repeating: "", count: 4))
    }
}
