import FlashSaleKit

/// Tests name users by literals; the program has no such door.
extension UserID: ExpressibleByStringInterpolation {
    /// What is written in a test.
    public init(stringLiteral value: String) { self.init(recorded: value) }
}
