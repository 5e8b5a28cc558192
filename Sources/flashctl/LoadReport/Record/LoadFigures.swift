import Histogram

/// The sums of a load test, without its warm-up: of all of it, or of what has passed so far. Every figure that is shown
/// anywhere comes from here.
struct LoadFigures: Sendable {
    /// How often requests ended so, and how long that took.
    struct Outcome: Sendable {
        var count: UInt64 = 0
        /// Nanoseconds from the intended send time.
        var latency: Histogram<UInt64>?
        /// Nanoseconds from the actual send time; nil when it was not kept.
        var serviceTime: Histogram<UInt64>?
    }

    /// Seconds that rates refer to.
    var seconds = 0.0
    /// Requests that the plan asked for; nil in the closed model.
    var targeted: Double?
    /// Requests whose intended send time has come.
    var scheduled: UInt64 = 0
    var sent: UInt64 = 0
    /// Of those sent the ones that the plan did not ask for, since they follow from answers.
    var followUps: UInt64 = 0
    /// Requests that ended, with an answer or without.
    var completed: UInt64 = 0
    /// Requests that were due and never sent.
    var unsent: UInt64 = 0
    /// Requests that were sent and had not ended when the run did.
    var unanswered: UInt64 = 0
    var outcomes: [LoadOutcome: Outcome] = [:]
    /// Nanoseconds between intended and actual send time, 99 of 100 stayed below. Summed up from intervals it is the
    /// worst of them.
    var scheduleLagP99: UInt64 = 0
    /// Processors that the generator kept busy, on the average.
    var processors = 0.0
    /// The stock at the end; nil when the server did not tell.
    var shop: LoadInterval.Shop?
    /// The most journal entries that were not yet in Postgres.
    var largestBacklog: Int?
    /// Units sold beyond the stock; nil unless that was verified.
    var oversold: Int?
    /// Broken promises; nil unless they were verified.
    var violations: Int?

    /// Adds what happened in an interval. The warm-up counts nowhere.
    mutating func add(_ interval: LoadInterval) {
        if let shop = interval.shop {
            self.shop = shop
            largestBacklog = max(largestBacklog ?? 0, shop.backlog)
        }
        guard !interval.isWarmup else { return }
        let together = seconds + interval.length
        if together > 0 {
            processors = (processors * seconds + interval.processors * interval.length) / together
        }
        seconds = together
        if let rate = interval.targetRate { targeted = (targeted ?? 0) + rate * interval.length }
        scheduled += interval.scheduled
        sent += interval.sent
        followUps += interval.followUps
        completed += interval.completed
        // Not added: each interval tells how many there are at its end.
        unsent = interval.waiting
        unanswered = interval.inFlight
        scheduleLagP99 = max(scheduleLagP99, interval.scheduleLagP99)
        for (outcome, count) in interval.outcomes { outcomes[outcome, default: Outcome()].count += count }
        for (outcome, histogram) in interval.latencies {
            outcomes[outcome, default: Outcome()].latency.merge(histogram)
        }
    }

    /// Requests of the plan that were sent.
    var sentOfPlan: UInt64 { sent - min(sent, followUps) }

    func count(of group: LoadGroup) -> UInt64 { group.outcomes.reduce(0) { $0 + (outcomes[$1]?.count ?? 0) } }

    func perSecond(_ count: UInt64) -> Double { seconds > 0 ? Double(count) / seconds : 0 }

    /// Percent of all requests that ended.
    func share(of count: UInt64) -> Double { completed > 0 ? 100 * Double(count) / Double(completed) : 0 }

    /// Latencies of a group, nil when there is none.
    func latency(of group: LoadGroup) -> Histogram<UInt64>? { merged(group, \.latency) }

    /// Service times of a group, nil when there is none.
    func serviceTime(of group: LoadGroup) -> Histogram<UInt64>? { merged(group, \.serviceTime) }

    private func merged(
        _ group: LoadGroup,
        _ kind: KeyPath<Outcome, Histogram<UInt64>?>
    ) -> Histogram<UInt64>? {
        // A time-out alone is no checkout: without any answer of the group there is nothing to measure.
        guard group.outcomes.contains(where: { outcomes[$0]?[keyPath: kind] != nil }) else { return nil }
        var sum: Histogram<UInt64>?
        for outcome in group.timedOutcomes {
            if let histogram = outcomes[outcome]?[keyPath: kind] { sum.merge(histogram) }
        }
        return sum
    }
}

extension Histogram<UInt64>? {
    /// Adds another one, or becomes it.
    mutating func merge(_ other: Histogram<UInt64>) {
        if self == nil { self = other } else { self?.add(other) }
    }
}
