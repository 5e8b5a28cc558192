/// How a sale will end when it goes on as it does: reckoned from the units sold in about the last minute.
public enum SellThrough: Sendable, Equatable {
    /// Every unit is sold.
    case soldOut
    /// The last unit is sold at this time, before the close.
    case sellsOut(at: Timestamp, perSecond: Double)
    /// So many units are sold at the close.
    case leaves(sold: Int, perSecond: Double)
    /// Nothing can be said, and why.
    case unknown(String)

    /// Seconds that must lie between two counts for a pace to be worth its name.
    public static let shortest = 10.0

    /// - Parameters:
    ///   - now: the time of Redis at which `sold` was counted.
    ///   - closesAt: the end of the sale.
    ///   - stock: units for sale.
    ///   - sold: units that are sold.
    ///   - earlier: an earlier count; nil when there is none.
    public static func forecast(
        now: Timestamp,
        closesAt: Timestamp,
        stock: Int,
        sold: Int,
        earlier: AttemptPace.Mark?
    ) -> SellThrough {
        if stock > 0, sold >= stock { return .soldOut }
        guard let earlier else { return .unknown("no attempt was made in the last minute") }
        let seconds = Double(now.microseconds - earlier.at.microseconds) / 1_000_000
        guard seconds >= shortest else {
            return .unknown("there are fewer than \(Int(shortest)) s of attempts to judge by")
        }
        guard sold >= earlier.sold else { return .unknown("the count of sold units went back") }
        guard sold > earlier.sold else { return .unknown("nothing was sold in the last \(Int(seconds)) s") }
        let pace = Double(sold - earlier.sold) / seconds
        let left = max(0, Double(closesAt.microseconds - now.microseconds) / 1_000_000)
        let needed = Double(stock - sold) / pace
        if needed < left {
            return .sellsOut(at: Timestamp(microseconds: now.microseconds + Int64(needed * 1_000_000)), perSecond: pace)
        }
        return .leaves(sold: min(stock, sold + Int(left * pace)), perSecond: pace)
    }
}
