import FlashSaleKit

/// One second: what this server has answered in it, and how the sale stood at its end.
struct LivePoint: Sendable, Equatable {
    /// Median and 99th percentile in microseconds.
    struct Latency: Sendable, Equatable {
        var p50: Int
        var p99: Int
    }

    /// By the clock of Redis.
    var at: Timestamp
    /// Checkouts per second by outcome.
    var held = 0
    var soldOut = 0
    var userLimit = 0
    var banned = 0
    /// Checkouts per second that were answered with a hold that they had already.
    var repeated = 0
    /// Checkouts per second that were answered 503, undecided.
    var refused = 0
    /// Purchases per second that Redis has decided.
    var purchases = 0
    /// Nil when there was none.
    var checkoutLatency: Latency?
    var purchaseLatency: Latency?
    /// Journal entries of the sale that are not in Postgres yet; nil while that is not known.
    var backlogEntries: Int?
    /// Age of the oldest of them in milliseconds.
    var backlogMilliseconds: Int?
    /// The sale that the units belong to, and nil for both while they are not known.
    var sale: SaleID?
    var units: LiveUnits?

    /// Names of the numbers of ``row``.
    static let columns = [
        "at", "held", "sold_out", "user_limit", "banned", "repeated", "refused", "purchases", "checkout_p50",
        "checkout_p99", "purchase_p50", "purchase_p99", "backlog_entries", "backlog_ms", "sale", "free_units",
        "held_units", "sold_units",
    ]

    /// An array in JSON, in the order of ``columns``; times are milliseconds since 1970.
    var row: String {
        let numbers: [Int?] = [
            Int(at.microseconds / 1000), held, soldOut, userLimit, banned, repeated, refused, purchases,
            checkoutLatency?.p50, checkoutLatency?.p99, purchaseLatency?.p50, purchaseLatency?.p99,
            backlogEntries, backlogMilliseconds, sale.map { Int($0.rawValue) },
            units?.free, units?.held, units?.sold,
        ]
        return "[" + numbers.map { $0.map { String($0) } ?? "null" }.joined(separator: ",") + "]"
    }
}

/// The units of a sale by state.
struct LiveUnits: Sendable, Equatable, Encodable {
    var free: Int
    var held: Int
    var sold: Int
}

extension LivePoint {
    /// Turns what was answered between two copies of the counters into answers per second.
    ///
    /// - Parameter seconds: between the two copies, above 0.
    mutating func count(_ before: LoopCounters, _ after: LoopCounters, seconds: Double) {
        func rate(_ value: (LoopCounters) -> Int) -> Int {
            Int((Double(value(after) - value(before)) / seconds).rounded())
        }
        held = rate(\.held)
        soldOut = rate(\.soldOut)
        userLimit = rate(\.userLimit)
        banned = rate(\.banned)
        repeated = rate(\.repeated)
        refused = rate { $0.refusals.reduce(0) { $0 + $1.count } }
        purchases = rate(\.purchases)
        checkoutLatency = Latency(before, after, .checkout)
        purchaseLatency = Latency(before, after, .purchase)
    }
}

extension LivePoint.Latency {
    /// How long the requests of a route took that were answered between two copies of the counters; nil without any.
    init?(_ before: LoopCounters, _ after: LoopCounters, _ route: RequestRoute) {
        let between = after.requests.durations(of: route) - before.requests.durations(of: route)
        guard let median = between.percentile(0.5), let tail = between.percentile(0.99) else { return nil }
        self.init(p50: Int(median * 1_000_000), p99: Int(tail * 1_000_000))
    }
}
