/// The loads of a search, and the rate that it found.
struct RateSearchReport: Report, Sendable {
    var steps: [RateSearch.Step]
    var end: RateSearch.End

    /// The highest rate that was sustained, requests per second; nil when none was.
    var highest: Double? { steps.filter(\.isSustained).map(\.rate).max() }

    /// How the command ends.
    var status: ExitStatus {
        switch end {
        case .found, .beyond: .success
        case .below: .thresholdFailed
        case .generator: .invalidLoadTest
        case .interrupted(let status): status
        }
    }

    /// The loads in the order of their rates, as a knee is drawn.
    var knee: [RateSearch.Step] { steps.sorted { $0.rate < $1.rate } }

    var data: DataValue {
        .fields([
            "highest_per_second": highest.map { .double($0) } ?? .null,
            "end": .string(name),
            "steps": .list(
                steps.map { step in
                    .fields([
                        "rate": .double(step.rate), "sustained": .bool(step.isSustained), "load": step.summary.data,
                    ])
                }
            ),
        ])
    }

    private var name: String {
        switch end {
        case .found: "found"
        case .beyond: "beyond"
        case .below: "below"
        case .generator: "generator"
        case .interrupted: "interrupted"
        }
    }

    var sections: [ReportSection] {
        let columns: [TableLayout.Column] = [
            .init("rate/s", .right), .init("sent/s", .right), .init("p50", .right), .init("p99", .right),
            .init("max", .right), .init("errors", .right), .init("result"),
        ]
        let rows = knee.map { step -> [TableLayout.Cell] in
            let latency = step.summary.times.latency(of: LoadOutcome.allCases)
            let percentiles = [50.0, 99, 100].map { percentile -> TableLayout.Cell in
                .init(latency.map { NumberText.latency(nanoseconds: $0.valueAtPercentile(percentile)) } ?? "-")
            }
            let errors = step.summary.serverErrors + step.summary.allNetworkErrors + step.summary.unsent
            let result: TableLayout.Cell =
                step.isSustained
                ? .init("sustained", .green)
                : step.summary.invalidBecause.isEmpty ? .init("not sustained", .red) : .init("INVALID", .yellow)
            let sent = Int((step.summary.achievedRate ?? 0).rounded())
            return [.init(NumberText.grouped(Int(step.rate.rounded()))), .init(NumberText.grouped(sent))] + percentiles
                + [.init(NumberText.grouped(errors)), result]
        }
        return [
            .table(title: "rates that were tried", TableLayout(columns: columns, rows: rows)),
            .paragraph(verdict),
        ]
    }

    private var verdict: String {
        let rate = highest.map { "\(NumberText.grouped(Int($0.rounded()))) requests/s" } ?? "no rate"
        switch end {
        case .found: return "highest sustained rate: \(rate)"
        case .beyond: return "\(rate) are sustained, and no higher rate was tried"
        case .below: return "not even the lowest rate is sustained"
        case .generator(let limit):
            return "INVALID: at \(NumberText.grouped(Int(limit.rounded()))) requests/s the generator was the limit; "
                + "sustained up to there: \(rate)"
        case .interrupted: return "interrupted; sustained until then: \(rate)"
        }
    }
}
