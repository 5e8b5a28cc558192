import FlashSaleKit

/// The live sales and their way to Postgres.
extension ServerMetrics {
    static func addSales(_ values: ServerState.Values, to metrics: inout MetricsText) {
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
        func times(_ time: (SaleTerms) -> Timestamp) -> [([MetricsText.Label], Double)] {
            values.sales.filter { $0.epoch != nil }.map { sale in
                ([("sale", "\(sale.id)")], Double(time(sale.terms).microseconds) / 1_000_000)
            }
        }
        metrics.add(
            .gauge,
            "flashctl_sale_opens_timestamp_seconds",
            "When each live sale opens, in seconds since 1970.",
            times(\.opensAt)
        )
        metrics.add(
            .gauge,
            "flashctl_sale_closes_timestamp_seconds",
            "When each live sale closes, in seconds since 1970.",
            times(\.closesAt)
        )
    }

    static func addHolds(_ values: ServerState.Values, to metrics: inout MetricsText) {
        metrics.add(
            .counter,
            "flashctl_holds_returned_total",
            "Holds whose units went back, by reason, as this server has written them to Postgres.",
            [
                ([("reason", "expired")], Double(values.ledgerDrain.expired)),
                ([("reason", "released")], Double(values.ledgerDrain.released)),
            ]
        )
    }

    static func addJournal(_ values: ServerState.Values, to metrics: inout MetricsText) {
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
        let drains = [("ledger", values.ledgerDrain), ("attempts", values.attemptsDrain)]
        metrics.add(
            .counter,
            "flashctl_drained_rows_total",
            "Rows that this server has written to Postgres, by stream of the journal.",
            drains.map { ([("stream", $0)], Double($1.rows)) }
        )
        metrics.add(
            "flashctl_drain_commit_duration_seconds",
            "How long one transaction of a drain takes.",
            drains.map { ([("stream", $0)], $1.commits.exported) }
        )
        if let dead = values.guards.deadLetters {
            metrics.add(.gauge, "flashctl_dead_letters", "Rows of the journal that wait for repair.", Double(dead))
        }
        metrics.add(
            .gauge,
            "flashctl_overloaded",
            "1 while checkouts are refused because of the load of Redis.",
            values.overload == nil ? 0 : 1
        )
    }
}
