/// Number of a sale: the primary key of `sales` in Postgres, and the prefix of its codes in base32.
public struct SaleID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// 1…2^63−1.
    public let rawValue: Int64

    /// Nil unless the number is positive.
    public init?(_ rawValue: Int64) {
        guard rawValue > 0 else { return nil }
        self.rawValue = rawValue
    }

    /// Nil unless the text is a positive decimal number.
    public init?(_ text: some StringProtocol) {
        guard let value = Int64(text) else { return nil }
        self.init(value)
    }

    /// The text form.
    public var description: String { String(rawValue) }

    /// Later sales have higher numbers.
    public static func < (left: SaleID, right: SaleID) -> Bool {
        left.rawValue < right.rawValue
    }
}
