/// A condition on a metric of a load test:
///
///     threshold  = metric comparison number unit       spaces may stand between the parts
///     comparison = ">" | ">=" | "<" | "<=" | "==" | "!="
///     unit       = "ns" | "us" | "ms" | "s"            for latencies and the lag
///                | "/s"                                for rates
///                | "%"                                 for shares; `x.rate>1%` means `x.share>1%`
///                | nothing                             for counts, processors and the backlog
///
/// What a metric is, says ``LoadMetric``. `--fail-if` fails when the condition is true, `--find-max` searches the
/// highest rate at which it is.
struct LoadThreshold: Sendable, Equatable {
    enum Comparison: String, CaseIterable, Sendable {
        case atLeast = ">="
        case atMost = "<="
        case equal = "=="
        case unequal = "!="
        case above = ">"
        case below = "<"

        func holds(_ value: Double, _ limit: Double) -> Bool {
            switch self {
            case .atLeast: value >= limit
            case .atMost: value <= limit
            case .equal: value == limit
            case .unequal: value != limit
            case .above: value > limit
            case .below: value < limit
            }
        }
    }

    /// As it was written.
    var text: String
    var metric: LoadMetric
    var comparison: Comparison
    /// In the unit of the metric.
    var limit: Double

    /// Whether it is true; nil when its metric was not measured.
    func holds(for figures: LoadFigures) -> Bool? {
        metric.value(in: figures).map { comparison.holds($0, limit) }
    }

    /// Only a run that is verified measures it.
    var needsVerification: Bool { [.oversold, .violations].contains(metric.subject) }

    /// Once true, it stays true however long the run goes on.
    var staysTrue: Bool {
        guard comparison == .above || comparison == .atLeast else { return false }
        switch (metric.subject, metric.measure) {
        case (.requests(_, isService: false), .count), (.requests(_, isService: false), .percentile(100)),
            (.backlog, .percentile), (.lag, _), (.oversold, _), (.violations, _):
            return true
        default: return false
        }
    }

    /// Means nothing before the run has ended.
    var needsTheEnd: Bool {
        switch (metric.subject, metric.measure) {
        case (.oversold, _), (.violations, _), (.unsent, _), (.unanswered, _): true
        case (.requests(_, isService: true), _): true
        // A count grows: what it stays below is known at the end only.
        case (_, .count): metric.unit == .number && !staysTrue && metric.subject != .backlog
        default: false
        }
    }
}

extension LoadThreshold {
    /// A threshold of `--fail-if`, judged.
    struct Result: Sendable, Equatable {
        var threshold: LoadThreshold
        /// In the unit of the metric; nil when it was not measured.
        var value: Double?
        var isFailure: Bool

        /// For the verdict.
        var sentence: String {
            guard let value else {
                return "`\(threshold.text)` could not be judged: \(threshold.metric) was not measured"
            }
            return "`\(threshold.text)`: it is \(LoadValueText.text(value, threshold.metric.unit))"
        }
    }

    /// Judges `--fail-if`. What was not measured does not pass: a run without checkouts says nothing about their
    /// latency. Latencies of errors are another matter: that there was none is what one hopes for.
    func result(for figures: LoadFigures) -> Result {
        if let value = metric.value(in: figures) {
            return Result(threshold: self, value: value, isFailure: comparison.holds(value, limit))
        }
        if case .requests(let group, _) = metric.subject, group.isErrors, figures.completed > 0 {
            return Result(threshold: self, value: nil, isFailure: false)
        }
        return Result(threshold: self, value: nil, isFailure: true)
    }
}
