/// How a request of a load test ended, as the answer itself says it.
enum LoadOutcome: String, Sendable, CaseIterable, Hashable {
    // Checkouts.
    case held
    case soldOut = "sold_out"
    case userLimit = "user_limit"
    case banned
    // Purchases.
    case purchased
    case pending
    case unknownCode = "unknown_code"
    case expiredCode = "expired_code"
    // Holds that are given back.
    case released
    case alreadyPurchased = "already_purchased"
    // Both.
    case badRequest = "bad_request"
    /// 503: paused, overloaded, no sale, or a store is away.
    case unavailable
    /// Any answer that the API does not know.
    case serverError = "server_error"
    /// No answer within the time limit.
    case timedOut = "timed_out"
    /// No answer because the connection failed.
    case networkError = "network_error"

    /// Correct answers that give nothing. Never counted as successes.
    var isRefusal: Bool {
        switch self {
        case .soldOut, .userLimit, .banned, .unknownCode, .expiredCode, .alreadyPurchased, .badRequest: true
        default: false
        }
    }

    /// What a correct server under a load that it can bear never answers.
    var isError: Bool {
        switch self {
        case .unavailable, .serverError, .timedOut, .networkError: true
        default: false
        }
    }
}
