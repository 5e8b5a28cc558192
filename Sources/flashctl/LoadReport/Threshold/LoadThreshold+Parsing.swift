extension LoadThreshold {
    /// Reads an expression.
    ///
    /// - Throws: ``CommandFailure`` of wrong usage that names the column and, if one is near, what was meant.
    init(parsing text: String, option: String) throws(CommandFailure) {
        func fault(_ column: Int, _ reason: String, _ nextStep: String?) -> CommandFailure {
            CommandFailure(
                .usage,
                "\(option) '\(DisplayWidth.harmless(text))': column \(column + 1): \(reason)",
                nextStep: nextStep ?? "write a metric, a comparison and a limit, as in 'checkout.p99>20ms'"
            )
        }
        let leading = text.prefix { $0 == " " }.count
        let name = text.dropFirst(leading).prefix { !"<>=! ".contains($0) }
        let metric: LoadMetric
        do {
            metric = try LoadMetric(parsing: DisplayWidth.harmless(String(name)))
        } catch {
            throw fault(leading + error.offset, error.reason, error.suggestion.map { "did you mean \($0)?" })
        }
        var rest = text.dropFirst(leading + name.count).drop { $0 == " " }
        guard let comparison = Comparison.allCases.first(where: { rest.hasPrefix($0.rawValue) }) else {
            let column = text.count - rest.count
            throw fault(column, "a comparison is missing", "write one of > >= < <= == != after `\(name)`")
        }
        rest = rest.dropFirst(comparison.rawValue.count).drop { $0 == " " }
        let column = text.count - rest.count
        while rest.last == " " { rest = rest.dropLast() }
        let asked = metric.unit
        guard let (value, unit) = LoadValueText.read(rest) else {
            let why = rest.isEmpty ? "a limit is missing" : "`\(DisplayWidth.harmless(String(rest)))` is no limit"
            throw fault(column, why, LoadThreshold.usage(of: metric))
        }
        guard let fitting = LoadThreshold.fitted(metric, to: unit) else {
            let why = unit == .number ? "the limit of `\(metric)` has no unit" : "`\(rest)` is no limit of `\(metric)`"
            throw fault(
                column,
                asked == .number ? "`\(metric)` is a plain number" : why,
                LoadThreshold.usage(of: metric)
            )
        }
        self.init(text: text.split(separator: " ").joined(), metric: fitting, comparison: comparison, limit: value)
    }

    /// A rate in percent is a share.
    private static func fitted(_ metric: LoadMetric, to unit: LoadMetric.Unit) -> LoadMetric? {
        if metric.unit == unit { return metric }
        if metric.measure == .rate, unit == .percent { return LoadMetric(metric.subject, .share) }
        return nil
    }

    private static func usage(of metric: LoadMetric) -> String {
        switch metric.unit {
        case .nanoseconds: "give a time, as in '\(metric)>20ms'"
        case .perSecond: "give a rate or a share, as in '\(metric)<100/s' or '\(metric)<99%'"
        case .percent: "give a share, as in '\(metric)>0.1%'"
        case .number: "give a number, as in '\(metric)>0'"
        }
    }
}
