import FlashSaleKit

/// The metrics of a server. Labels name outcomes, stores, checks and live sales, never a user, a code or an item: the
/// number of series does not grow with the crowd.
struct ServerMetrics: Sendable {
    let state: ServerState
    let loops: [LoopHandle]

    /// Everything, as Prometheus reads it. No store is asked: a scrape costs them nothing.
    func text() async throws -> String {
        let counters = try await LoopCounters.of(loops)
        var metrics = ServerMetrics.families(state.current, counters, now: Timestamp.host)
        ServerMetrics.addTraces(dropped: state.spans.dropped, to: &metrics)
        ServerMetrics.addProcess(.read(), state.build, to: &metrics)
        return metrics.text
    }

    /// All families but those of the process.
    static func families(_ values: ServerState.Values, _ counters: LoopCounters, now: Timestamp) -> MetricsText {
        var metrics = MetricsText()
        addAnswers(counters, to: &metrics)
        addConnections(counters, to: &metrics)
        addBatches(counters, to: &metrics)
        addSales(values, to: &metrics)
        addHolds(values, to: &metrics)
        addJournal(values, to: &metrics)
        addStores(values, to: &metrics)
        addRecovery(values, now: now, to: &metrics)
        return metrics
    }

    private static func addStores(_ values: ServerState.Values, to metrics: inout MetricsText) {
        let redis = values.redis != nil && values.redisTrouble == nil
        metrics.add(
            .gauge,
            "flashctl_store_up",
            "1 while the store is used.",
            [([("store", "redis")], redis ? 1 : 0), ([("store", "postgres")], values.postgresTrouble == nil ? 1 : 0)]
        )
        metrics.add(
            .gauge,
            "flashctl_redis_memory_bytes",
            "Memory that Redis uses, and its maxmemory (0: no limit).",
            [
                ([("kind", "used")], Double(values.load.usedMemory)),
                ([("kind", "limit")], Double(values.load.maxmemory)),
            ]
        )
        metrics.add(
            .gauge,
            "flashctl_clock_skew_seconds",
            "By how much the first clock is ahead of the second.",
            values.guards.skew.pairs.map { pair in
                let names = [pair.first, pair.second].map { $0 == "this host" ? "host" : $0.lowercased() }
                return ([("first", names[0]), ("second", names[1])], Double(pair.offset.microseconds) / 1_000_000)
            }
        )
        metrics.add(
            .gauge,
            "flashctl_expiry_paused",
            "1 while lapsed holds are not returned because clocks differ.",
            values.sweepPause == nil ? 0 : 1
        )
        metrics.add(
            .gauge,
            "flashctl_check_level",
            "What the check has found: 0 ok, 1 warning, 2 critical.",
            values.guards.checks.map { ([("check", $0.name.rawValue)], Double($0.level.rank)) }
        )
    }

    private static func addRecovery(_ values: ServerState.Values, now: Timestamp, to metrics: inout MetricsText) {
        if let recoveries = values.guards.recoveries {
            metrics.add(.counter, "flashctl_recoveries_total", "Recoveries of sales on record.", Double(recoveries))
        }
        metrics.add(
            .counter,
            "flashctl_redis_validations_total",
            "Times this server has validated Redis.",
            Double(values.redis?.generation ?? 0)
        )
        guard let verification = values.verification else { return }
        metrics.add(
            .gauge,
            "flashctl_invariant_violations",
            "Broken invariants that the last verification has found.",
            Double(verification.violations)
        )
        metrics.add(
            .gauge,
            "flashctl_verify_age_seconds",
            "Age of the last verification.",
            max(0, Double(now.microseconds - verification.at.microseconds) / 1_000_000)
        )
    }
}
