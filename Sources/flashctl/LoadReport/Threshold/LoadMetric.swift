/// Something that a load test measures, by the name that thresholds, comparisons and JSON share.
///
///     metric   = requests [ ".service" ] "." measure    a group of requests: `checkout.p99`, `5xx.rate`, `held.count`
///              | requests                              how many they are: `errors`
///              | "achieved" "." ( "rate" | "share" )   requests sent: per second, or in percent of the plan
///              | "lag.p99"                             how late requests were sent
///              | "processors"                          processors that the generator kept busy
///              | "unsent" | "unanswered"               requests that were due and not sent; sent and not ended
///              | "backlog" | "backlog.max"             journal entries not yet in Postgres: at the end, at most
///              | "oversold" | "violations"             what --verify found
///     requests = "all" | "checkout" | "purchase" | "release" | "refusals" | "errors" | "2xx" | "4xx" | "5xx"
///              | an outcome: "held", "sold_out", "purchased", "timed_out", …
///     measure  = "p" number | "max" | "mean"           latency, from the intended send time; with ".service" from the
///                                                      actual one
///              | "count" | "rate" | "share"            how many, per second, in percent of all that ended
struct LoadMetric: Hashable, Sendable {
    enum Subject: Hashable, Sendable {
        case requests(LoadGroup, isService: Bool)
        case achieved, lag, processors, unsent, unanswered, backlog, oversold, violations
    }

    enum Measure: Hashable, Sendable {
        case count, rate, share, mean
        /// Greater than 0, at most 100.
        case percentile(Double)
    }

    /// What a value of a metric is counted in.
    enum Unit: Sendable, Equatable {
        case number, perSecond, percent, nanoseconds
    }

    var subject: Subject
    var measure: Measure

    /// Nil when the measure has no meaning for the subject.
    init?(_ subject: Subject, _ measure: Measure) {
        self.subject = subject
        self.measure = measure
        switch (subject, measure) {
        case (.requests(_, isService: true), .count), (.requests(_, isService: true), .rate),
            (.requests(_, isService: true), .share):
            return nil
        case (.requests, _), (.achieved, .rate), (.achieved, .share), (.lag, .percentile(99)),
            (.backlog, .percentile(100)), (.backlog, .count), (.processors, .count), (.unsent, .count),
            (.unanswered, .count), (.oversold, .count), (.violations, .count):
            return
        default: return nil
        }
    }

    var unit: Unit {
        switch (subject, measure) {
        case (.backlog, _): .number
        case (_, .count): .number
        case (_, .rate): .perSecond
        case (_, .share): .percent
        case (_, .mean), (_, .percentile): .nanoseconds
        }
    }

    /// In its ``unit``; nil when it was not measured.
    func value(in figures: LoadFigures) -> Double? {
        switch subject {
        case .requests(let group, let isService): value(of: group, isService: isService, in: figures)
        case .achieved:
            if measure == .rate {
                figures.seconds > 0 ? figures.perSecond(figures.sentOfPlan) : nil
            } else {
                figures.targeted.flatMap { $0 > 0 ? 100 * Double(figures.sentOfPlan) / $0 : nil }
            }
        case .lag: Double(figures.scheduleLagP99)
        case .processors: figures.processors
        case .unsent: Double(figures.unsent)
        case .unanswered: Double(figures.unanswered)
        case .backlog: (measure == .count ? figures.shop?.backlog : figures.largestBacklog).map { Double($0) }
        case .oversold: figures.oversold.map { Double($0) }
        case .violations: figures.violations.map { Double($0) }
        }
    }

    private func value(of group: LoadGroup, isService: Bool, in figures: LoadFigures) -> Double? {
        switch measure {
        case .count: return Double(figures.count(of: group))
        case .rate: return figures.seconds > 0 ? figures.perSecond(figures.count(of: group)) : nil
        case .share: return figures.completed > 0 ? figures.share(of: figures.count(of: group)) : nil
        case .mean, .percentile:
            let histogram = isService ? figures.serviceTime(of: group) : figures.latency(of: group)
            guard let histogram, histogram.totalCount > 0 else { return nil }
            guard case .percentile(let percentile) = measure else { return histogram.mean }
            return Double(histogram.valueAtPercentile(percentile))
        }
    }
}

extension LoadMetric: CustomStringConvertible {
    var description: String {
        switch (subject, measure) {
        case (.requests, .count): "\(subjectName).count"
        case (.backlog, .percentile): "backlog.max"
        case (.achieved, _), (.requests, _), (.lag, _): "\(subjectName).\(LoadMetric.name(of: measure))"
        default: subjectName
        }
    }

    private var subjectName: String {
        switch subject {
        case .requests(let group, let isService): isService ? "\(group.name).service" : group.name
        case .achieved: "achieved"
        case .lag: "lag"
        case .processors: "processors"
        case .unsent: "unsent"
        case .unanswered: "unanswered"
        case .backlog: "backlog"
        case .oversold: "oversold"
        case .violations: "violations"
        }
    }

    static func name(of measure: Measure) -> String {
        switch measure {
        case .count: "count"
        case .rate: "rate"
        case .share: "share"
        case .mean: "mean"
        case .percentile(100): "max"
        case .percentile(let percentile):
            percentile == percentile.rounded() ? "p\(Int(percentile))" : "p\(percentile)"
        }
    }
}
