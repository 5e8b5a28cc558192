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

    /// Whether a script that was called may have written something, and nobody knows what.
    var leavesDecisionUnknown: Bool { isOutcomeUnknown || code == .unexpectedReply }
}
