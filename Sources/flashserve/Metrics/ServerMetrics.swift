import FlashSaleKit

/// The metrics of a server. Labels name outcomes, stores, checks and live sales, never a user, a code or an item: the
/// number of series does not grow with the crowd.
struct ServerMetrics: Sendable {
    let state: ServerState
    let loops: [LoopHandle]

    /// Everything, as Prometheus reads it. No store is asked: a scrape costs them nothing.
    func text() async throws -> String {
        var counters = LoopCounters()
        for loop in loops { counters = counters + (try await loop.ask { $0.counters }) }
        return ServerMetrics.text(state.current, counters, now: Timestamp.host)
    }

    static func text(_ values: ServerState.Values, _ counters: LoopCounters, now: Timestamp) -> String {
        var metrics = MetricsText()
        addAnswers(counters, to: &metrics)
        addSales(values, to: &metrics)
        addJournal(values, to: &metrics)
        addStores(values, to: &metrics)
        addRecovery(values, now: now, to: &metrics)
        return metrics.text
    }

    private static func addAnswers(_ counters: LoopCounters, to metrics: inout MetricsText) {
        metrics.add(
            .counter,
            "flashctl_attempts_total",
            "Decided checkouts of this server by outcome.",
            counters.attempts.map { ([("outcome", $0.outcome)], Double($0.count)) }
        )
        metrics.add(
            .counter,
            "flashctl_checkouts_refused_total",
            "Checkouts that this server answered 503 without a decision, by reason.",
            counters.refusals.map { ([("reason", $0.reason)], Double($0.count)) }
        )
        metrics.add(
            .counter,
            "flashctl_purchases_total",
            "Purchases that Redis has decided for this server.",
            Double(counters.purchases)
        )
    }

    private static func addSales(_ values: ServerState.Values, to metrics: inout MetricsText) {
        let units = values.stocks.flatMap { stock in
            [("free", stock.free), ("held", stock.held), ("sold", stock.sold)].map { name, count in
                ([("sale", "\(stock.sale)"), ("state", name)] as [MetricsText.Label], Double(count))
            }
        }
        metrics.add(.gauge, "flashctl_sale_units", "Units of each live sale by state.", units)
        metrics.add(
            .gauge,
            "flashctl_sale_epoch",
            "Epoch of each live sale in Redis.",
            values.stocks.map { ([("sale", "\($0.sale)")], Double($0.epoch)) }
        )
    }

    private static func addJournal(_ values: ServerState.Values, to metrics: inout MetricsText) {
        func series(_ value: (JournalLag) -> Double) -> [([MetricsText.Label], Double)] {
            values.lags.map { ([("sale", "\($0.saleID)"), ("stream", $0.stream.rawValue)], value($0)) }
        }
        metrics.add(
            .gauge,
            "flashctl_journal_lag_entries",
            "Entries of the journal that are not in Postgres yet.",
            series { Double($0.entries) }
        )
        metrics.add(
            .gauge,
            "flashctl_journal_lag_bytes",
            "About how many bytes of Redis those entries take.",
            series { Double($0.bytes) }
        )
        metrics.add(.gauge, "flashctl_journal_lag_seconds", "Age of the oldest of them.", series(\.seconds))
        metrics.add(
            .counter,
            "flashctl_drained_rows_total",
            "Rows that this server has written to Postgres.",
            Double(values.drainedRows)
        )
        if let dead = values.guards.deadLetters {
            metrics.add(.gauge, "flashctl_dead_letters", "Rows of the journal that wait for repair.", Double(dead))
        }
        metrics.add(
            .gauge,
            "flashctl_checkouts_refused",
            "1 while checkouts are refused because of the load of Redis.",
            values.overload == nil ? 0 : 1
        )
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
            "flashctl_verify_violations",
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
