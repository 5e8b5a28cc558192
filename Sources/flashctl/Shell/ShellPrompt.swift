import FlashSaleKit

/// What stands in front of the line: where one is, and how the sale goes.
struct ShellPrompt: Equatable, Sendable {
    /// Host of Redis, or nothing for the stores of this machine.
    var host: String?
    /// Nil while nothing is known.
    var standing: Standing?
    /// What is away, in one word each.
    var missing: [String] = []
    /// What else is critical, by the names of `doctor`.
    var alarms: [String] = []
    /// Whether Postgres has said that there is no sale.
    var hasNoSale = false

    /// The sale at one instant.
    struct Standing: Equatable, Sendable {
        var sale: SaleID
        var opensAt: Timestamp
        var closesAt: Timestamp
        var stock: Int
        var sold: Int
        var checkoutPaused: Bool
        var purchasePaused: Bool
        var now: Timestamp
    }

    /// `flash[2026-11-22T21 sold 7312/10000 12:41]> `, with `!` when something is away or critical. While a store is
    /// away the sale is the one that was seen last.
    var text: String {
        let troubles = missing + alarms
        let alarm = troubles.isEmpty ? nil : "!" + troubles.joined(separator: ",")
        let sale = [hour, units, countdown, paused].compactMap(\.self).joined(separator: " ")
        let known = sale.isEmpty ? (hasNoSale ? "no sale" : nil) : sale
        let parts = [alarm, host, known].compactMap(\.self)
        return "flash[\(parts.isEmpty ? "..." : parts.joined(separator: " "))]> "
    }

    private var hour: String? { standing.map { String($0.opensAt.rfc3339.prefix(13)) } }
    private var units: String? { standing.map { "sold \($0.sold)/\($0.stock)" } }

    private var countdown: String? {
        guard let standing else { return nil }
        if standing.now >= standing.closesAt { return "closed" }
        if standing.now < standing.opensAt { return "opens in " + clock(standing.opensAt, standing.now) }
        return clock(standing.closesAt, standing.now)
    }

    private func clock(_ end: Timestamp, _ now: Timestamp) -> String {
        let seconds = (end.microseconds - now.microseconds) / 1_000_000
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        let tail = "\(two(minutes)):\(two(seconds % 60))"
        return hours > 0 ? "\(hours):\(tail)" : tail
    }

    private func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private var paused: String? {
        guard let standing else { return nil }
        switch (standing.checkoutPaused, standing.purchasePaused) {
        case (true, true): return "all paused"
        case (true, false): return "paused"
        case (false, true): return "purchases paused"
        case (false, false): return nil
        }
    }
}
