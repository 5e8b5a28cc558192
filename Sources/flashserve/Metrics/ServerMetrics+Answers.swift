import FlashSaleKit

/// What this server has answered, and what it has asked of Redis for it.
extension ServerMetrics {
    static func addAnswers(_ counters: LoopCounters, to metrics: inout MetricsText) {
        metrics.add(
            .counter,
            "flashctl_attempts_total",
            "Decided checkouts of this server by outcome.",
            counters.attempts.map { ([("outcome", $0.outcome)], Double($0.count)) }
        )
        metrics.add(
            .counter,
            "flashctl_attempts_repeated_total",
            "Checkouts of this server that were answered with the hold that they already had.",
            Double(counters.repeated)
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
        metrics.add(
            "flashctl_http_request_duration_seconds",
            "From the end of a request to its answer, by route and status.",
            counters.requests.seen.map { series, durations in
                let status = series.status.map { "\($0)" } ?? "other"
                return ([("route", series.route.name), ("status", status)], durations.exported)
            }
        )
    }

    static func addConnections(_ counters: LoopCounters, to metrics: inout MetricsText) {
        metrics.add(
            .gauge,
            "flashctl_requests_in_flight",
            "Requests that wait for their answer.",
            Double(counters.inFlight)
        )
        metrics.add(
            .gauge,
            "flashctl_http_connections",
            "Open connections of clients.",
            Double(counters.connections)
        )
        metrics.add(
            .counter,
            "flashctl_http_connections_accepted_total",
            "Connections of clients that were taken.",
            Double(counters.accepted)
        )
        metrics.add(
            .counter,
            "flashctl_http_connections_refused_total",
            "Connections over the limit, closed at once.",
            Double(counters.turnedAway)
        )
    }

    static func addBatches(_ counters: LoopCounters, to metrics: inout MetricsText) {
        func series(_ histogram: (BatchCounters.Calls) -> MetricsText.Histogram)
            -> [([MetricsText.Label], MetricsText.Histogram)]
        {
            BatchCounters.Kind.allCases.map { ([("kind", "\($0)")], histogram(counters.batches[$0])) }
        }
        metrics.add(
            "flashctl_batch_size",
            "Attempts that one script call of Redis decides together.",
            series(\.exportedSizes)
        )
        metrics.add(
            "flashctl_batch_duration_seconds",
            "From sending a script call to the reply of Redis.",
            series(\.durations.exported)
        )
    }
}
