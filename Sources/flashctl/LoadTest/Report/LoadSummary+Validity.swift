/// Whether the load test measured the server, or itself.
extension LoadSummary {
    /// Nanoseconds by which one request of a hundred may be late.
    static let longestLag: UInt64 = 1_000_000
    /// Share of the planned requests that the generator must look at while the plan lasts.
    static let leastInTime = 0.99
    /// Busy share of the generator's processors above which it may have been the limit.
    static let mostBusy = 0.85
    /// Seconds of load below which a busy share says nothing.
    private static let shortest = 1.0

    /// Why the numbers are not to be trusted, as sentences; empty when they are.
    ///
    /// The generator was the limit only when it was late itself: a request counts from its time until it is written or
    /// no connection is free for it. What waits for a free connection after that waits for the server, however long,
    /// and is in the latencies.
    var invalidBecause: [String] {
        var reasons: [String] = []
        if timing.scheduled > 0, !plan.isClosed {
            if timing.lagP99 > LoadSummary.longestLag {
                reasons.append(
                    "the generator was late: schedule lag p99 \(NumberText.latency(nanoseconds: timing.lagP99)), "
                        + "allowed is \(NumberText.latency(nanoseconds: LoadSummary.longestLag))"
                        + (isRealTime ? "" : " (try --busy-poll, or a machine of its own)")
                )
            }
            let share = Double(timing.inTime) / Double(timing.scheduled)
            if share < LoadSummary.leastInTime {
                reasons.append(
                    "the generator reached \(NumberText.decimal(share * 100, digits: 1)) % of the target rate, "
                        + "and the server was not the cause"
                )
            }
        }
        if busyShare > LoadSummary.mostBusy, loadSeconds >= LoadSummary.shortest {
            reasons.append(
                "the generator was busy for \(NumberText.decimal(busyShare * 100, digits: 0)) % of the time that its "
                    + "processors have: give it more --threads, or a machine of its own"
            )
        }
        return reasons
    }

    /// Requests per second that the plan asked for on average; nil in the closed model.
    var targetRate: Double? {
        guard case .open(let curve, _) = plan.model, curve.seconds > 0 else { return nil }
        return Double(timing.scheduled) / max(curve.seconds - plan.warmupSeconds, 0.001)
    }

    /// Requests of the plan that were sent per second of the plan; nil in the closed model.
    var achievedRate: Double? {
        guard case .open(let curve, _) = plan.model, curve.seconds > 0 else { return nil }
        let sent = timing.scheduled - min(timing.scheduled, timing.givenUp)
        return Double(sent) / max(curve.seconds - plan.warmupSeconds, loadSeconds, 0.001)
    }

    /// The model, as it is called everywhere.
    var modelName: String { scheduled != nil ? "scheduled" : plan.isClosed ? "closed" : "open" }
}
