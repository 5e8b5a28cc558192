import Histogram

/// Everything that a worker counts.
struct LoadCounts: Sendable {
    var checkouts = LoadTally(.checkout)
    var purchases = PurchaseTally()
    /// Holds that are given back.
    var releases = LoadTally(.giveBack)
    /// Purchases with codes that were made up.
    var guesses = LoadTally(.purchase)
    /// How the times of the open model were kept.
    var timing = ScheduleTally()

    /// Adds what another worker counted.
    mutating func add(_ other: LoadCounts) {
        checkouts.add(other.checkouts)
        purchases.add(other.purchases)
        releases.add(other.releases)
        guesses.add(other.guesses)
        timing.add(other.timing)
    }

    /// All kinds of requests.
    var tallies: [LoadTally] { [checkouts, purchases.requests, releases, guesses] }

    /// A figure of all kinds of requests.
    func sum(_ figure: KeyPath<LoadTally, UInt64>) -> UInt64 {
        checkouts[keyPath: figure] + purchases.requests[keyPath: figure] + releases[keyPath: figure]
            + guesses[keyPath: figure]
    }

    /// The outcomes of all kinds of requests.
    var times: OutcomeTimes {
        var times = checkouts.times
        for tally in [purchases.requests, releases, guesses] { times.add(tally.times) }
        return times
    }
}

/// How far requests were sent when they should have been.
struct ScheduleTally: Sendable {
    /// Requests of the plan whose intended send time has come.
    var scheduled: UInt64 = 0
    /// Requests of them that were written to a connection.
    var sent: UInt64 = 0
    /// Requests of them that were looked at before the last one was due: the generator kept up with its plan.
    var inTime: UInt64 = 0
    /// Requests that were given up because too many waited for a connection, or because the run ended.
    var givenUp: UInt64 = 0
    /// Nanoseconds between the intended send time and the time at which the generator sent the request, or found no
    /// free connection for it: what comes after that is the server's part. Nil in the closed model.
    private(set) var lag: Histogram<UInt64>?

    mutating func recordLag(_ nanoseconds: UInt64) {
        if lag == nil { lag = LoadTally.newHistogram() }
        lag?.record(min(nanoseconds, LoadTally.longestLatency))
    }

    /// 99 of 100 requests were not later than this; nanoseconds.
    var lagP99: UInt64 { lag?.valueAtPercentile(99) ?? 0 }

    mutating func add(_ other: ScheduleTally) {
        scheduled += other.scheduled
        sent += other.sent
        inTime += other.inTime
        givenUp += other.givenUp
        guard let added = other.lag else { return }
        if lag == nil { lag = added } else { lag?.add(added) }
    }
}
