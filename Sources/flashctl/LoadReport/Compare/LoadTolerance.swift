/// By how much a metric may have become worse: `p99=10%`, `checkout.max=50%`, `errors.share=0%`.
struct LoadTolerance: Sendable, Equatable {
    /// What it is about. A bare measure is about the answers to checkouts and purchases.
    enum Target: Sendable, Equatable {
        case metric(LoadMetric)
        case measure(LoadMetric.Measure)
    }

    var text: String
    var target: Target
    var percent: Double

    /// What is compared when nobody says what.
    static let usual = [
        LoadTolerance(text: "p99=10%", target: .measure(.percentile(99)), percent: 10),
        LoadTolerance(text: "rate=10%", target: .measure(.rate), percent: 10),
    ]

    /// Groups that a bare measure is about.
    static let groups = [LoadGroup.checkouts, .purchases]

    /// The metrics that it limits.
    var metrics: [LoadMetric] {
        switch target {
        case .metric(let metric): [metric]
        case .measure(let measure):
            LoadTolerance.groups.compactMap { LoadMetric(.requests($0, isService: false), measure) }
        }
    }
}

extension LoadTolerance {
    /// Reads `NAME=PERCENT%`.
    init(parsing text: String) throws(CommandFailure) {
        func fault(_ column: Int, _ reason: String, _ nextStep: String?) -> CommandFailure {
            CommandFailure(
                .usage,
                "--tolerance '\(DisplayWidth.harmless(text))': column \(column + 1): \(reason)",
                nextStep: nextStep ?? "write a measure or a metric and percent, as in 'p99=10%' or 'errors.share=0%'"
            )
        }
        let name = DisplayWidth.harmless(String(text.prefix { $0 != "=" }))
        let target: Target
        if let measure = LoadMetric.measure(name) {
            target = .measure(measure)
        } else {
            do {
                target = .metric(try LoadMetric(parsing: name))
            } catch {
                throw fault(error.offset, error.reason, error.suggestion.map { "did you mean \($0)?" })
            }
        }
        let limit = text.dropFirst(name.count + 1)
        guard let (percent, unit) = LoadValueText.read(limit), unit == .percent else {
            let why =
                limit.isEmpty ? "the percent are missing" : "`\(DisplayWidth.harmless(String(limit)))` is no share"
            throw fault(min(text.count, name.count + 1), why, nil)
        }
        self.init(text: text, target: target, percent: percent)
    }
}
