/// What a connection sends.
enum LoadRequest: Sendable, Equatable {
    case checkout(number: Int)
    case purchase(PurchaseJob)
    case scheduled(ScheduledRequest)
}

/// A code on its way to being paid for.
struct PurchaseJob: Sendable, Equatable {
    let code: [UInt8]
    /// How often the purchase was sent.
    var tries = 0
    /// Monotonic time in nanoseconds at which it was sent first.
    var firstSentAt: UInt64 = 0
}

/// A request that waits for its answer.
struct RequestInFlight: Sendable, Equatable {
    var request: LoadRequest
    /// Monotonic time in nanoseconds at which it was sent.
    var sentAt: UInt64
    /// When it should have been sent: that is what its latency counts from.
    var intendedAt: UInt64

    init(request: LoadRequest, sentAt: UInt64, intendedAt: UInt64? = nil) {
        self.request = request
        self.sentAt = sentAt
        self.intendedAt = intendedAt ?? sentAt
    }
}
