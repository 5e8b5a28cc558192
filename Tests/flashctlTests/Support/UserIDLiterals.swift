import FlashSaleKit

/// Tests name users by literals; the program has no such door.
extension UserID: ExpressibleByStringInterpolation {
    public init(stringLiteral value: String) { self.init(recorded: value) }
}
