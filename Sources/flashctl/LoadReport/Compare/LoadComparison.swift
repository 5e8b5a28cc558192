/// A load test beside an earlier one.
struct LoadComparison: Sendable {
    struct Row: Sendable, Equatable {
        var metric: LoadMetric
        var before: Double?
        var now: Double?
        /// Percent by which it may become worse; nil: it is shown, nothing more.
        var tolerance: Double?
        /// Whether it has become worse by more than that.
        var isRegression: Bool

        /// Percent of what it was; nil where that has no meaning.
        var change: Double? {
            guard let before, let now, before != 0 else { return nil }
            return 100 * (now - before) / before
        }
    }

    var baseline: LoadBaseline
    var rows: [Row]
    /// What was not the same in both runs.
    var differences: [(name: String, before: String, now: String)]

    var regressions: [Row] { rows.filter(\.isRegression) }

    init(_ record: LoadRecord, with baseline: LoadBaseline, tolerances: [LoadTolerance]) {
        self.baseline = baseline
        var limits: [LoadMetric: Double] = [:]
        // What is said of one metric weighs more than what is said of many.
        for tolerance in tolerances.sorted(by: { $0.metrics.count > $1.metrics.count }) {
            for metric in tolerance.metrics { limits[metric] = tolerance.percent }
        }
        let always = LoadComparison.shown.filter { limits[$0] == nil }
        let asked = limits.keys.sorted { $0.description < $1.description }
        rows = (asked + always).compactMap { metric in
            LoadComparison.row(metric, limits[metric], record.figures, baseline)
        }
        let now = record.circumstances
        differences = now.sorted { $0.key < $1.key }.compactMap { name, value in
            guard name != LoadRecord.runName, let before = baseline.circumstances[name], before != value else {
                return nil
            }
            return (name, DisplayWidth.harmless(before), value)
        }
    }

    /// Shown in every comparison, limited or not.
    private static let shown: [LoadMetric] = [
        "achieved.rate", "purchased.rate", "held.rate", "refusals.rate", "errors.share", "checkout.p50",
        "checkout.p99", "checkout.max", "purchase.p50", "purchase.p99", "purchase.max",
    ].compactMap { try? LoadMetric(parsing: $0) }

    private static func row(
        _ metric: LoadMetric,
        _ tolerance: Double?,
        _ figures: LoadFigures,
        _ baseline: LoadBaseline
    ) -> Row? {
        let before = baseline.metrics[metric.description]
        let now = metric.value(in: figures)
        guard before != nil || now != nil else { return nil }
        var row = Row(metric: metric, before: before, now: now, tolerance: tolerance, isRegression: false)
        guard let tolerance, let before else { return row }
        // What was measured then and is not now has not become better.
        guard let now else {
            row.isRegression = true
            return row
        }
        let worse = metric.isBetterHigher ? before - now : now - before
        row.isRegression = worse > before.magnitude * tolerance / 100
        return row
    }
}

extension LoadMetric {
    /// Whether more is better: throughput, unless it is one of refusals or errors.
    var isBetterHigher: Bool {
        switch (subject, measure) {
        case (.achieved, _): true
        case (.requests(let group, _), .rate), (.requests(let group, _), .share), (.requests(let group, _), .count):
            !group.isErrors && !group.isRefusals
        default: false
        }
    }
}
