import FlashSaleKit

extension RedisError {
    /// Whether Redis is not what it was when it was validated: a replica, one that reads its data, other keys.
    var isSignOfLoss: Bool {
        switch code {
        case .server("READONLY"), .server("LOADING"), .server("MASTERDOWN"), .server("WRONGTYPE"), .unexpectedReply:
            true
        default: false
        }
    }
}
