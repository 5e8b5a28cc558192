import FlashSaleKit

extension LoadMetric {
    /// Subjects that are no group of requests, with what a bare name means.
    private static let single: KeyValuePairs<String, Subject> = [
        "achieved": .achieved, "lag": .lag, "processors": .processors, "unsent": .unsent, "unanswered": .unanswered,
        "backlog": .backlog, "oversold": .oversold, "violations": .violations,
    ]

    private static let subjectNames = LoadGroup.all.map(\.name) + single.map(\.key)
    private static let measureNames = ["count", "rate", "share", "mean", "max", "p50", "p90", "p99", "p99.9"]

    /// What is wrong with a name, and where in it.
    struct NameFault: Error, Equatable {
        /// Characters before the part that is wrong.
        var offset: Int
        var reason: String
        var suggestion: String?
    }

    /// Reads a name, e.g. `checkout.p99.9`.
    init(parsing name: some StringProtocol) throws(NameFault) {
        let subjectName = name.prefix { $0 != "." }
        var rest = name.dropFirst(subjectName.count)
        let single = LoadMetric.single.first { $0.key == subjectName }?.value
        var subject: Subject
        if let single {
            subject = single
        } else if let group = LoadGroup.named(subjectName) {
            let isService = rest == ".service" || rest.hasPrefix(".service.")
            if isService { rest = rest.dropFirst(".service".count) }
            subject = .requests(group, isService: isService)
        } else {
            throw LoadMetric.unknown(subjectName, in: name)
        }
        let offset = name.count - rest.count + (rest.isEmpty ? 0 : 1)
        var measure = Measure.count
        if rest.hasPrefix(".") {
            guard let named = LoadMetric.measure(rest.dropFirst()) else {
                throw LoadMetric.unknownMeasure(rest.dropFirst(), of: name.dropLast(rest.count), at: offset)
            }
            measure = named
        }
        guard let metric = LoadMetric(subject, measure) else {
            throw NameFault(
                offset: offset,
                reason: rest.isEmpty
                    ? "`\(name)` needs a measure" : "`\(name.dropLast(rest.count))` has no `\(rest.dropFirst())`",
                suggestion: LoadMetric.examples(of: subject).joined(separator: " or ")
            )
        }
        self = metric
    }

    /// `p99`, `max`, `rate`; nil when there is no such measure.
    static func measure(_ name: some StringProtocol) -> Measure? {
        switch name {
        case "count": return .count
        case "rate": return .rate
        case "share": return .share
        case "mean": return .mean
        case "max": return .percentile(100)
        default:
            let digits = name.dropFirst()
            guard name.hasPrefix("p"), let first = digits.first, first.isASCII, first.isNumber,
                digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
                let percentile = Double(digits), percentile > 0, percentile <= 100
            else { return nil }
            return .percentile(percentile)
        }
    }

    /// Metrics of a subject that has not every measure.
    private static func examples(of subject: Subject) -> [String] {
        let measures: [Measure] = [.percentile(99), .rate, .share, .count, .percentile(100)]
        return measures.compactMap { LoadMetric(subject, $0)?.description }.prefix(2).map { "`\($0)`" }
    }

    private static func unknown(_ subject: some StringProtocol, in name: some StringProtocol) -> NameFault {
        let nearest = Suggestion.nearest(to: String(subject), among: subjectNames)
        return NameFault(
            offset: 0,
            reason: subject.isEmpty ? "a metric is missing" : "there is no metric `\(subject)`",
            suggestion: nearest.map { "`\($0)\(name.dropFirst(subject.count))`" }
        )
    }

    private static func unknownMeasure(
        _ measure: some StringProtocol,
        of subject: some StringProtocol,
        at offset: Int
    ) -> NameFault {
        let nearest = Suggestion.nearest(to: String(measure), among: measureNames)
        return NameFault(
            offset: offset,
            reason: measure.isEmpty ? "a measure is missing" : "there is no measure `\(measure)`",
            suggestion: nearest.map { "`\(subject).\($0)`" }
        )
    }
}
