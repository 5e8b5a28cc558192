/// What a connection sends. Numbers are those of the plan, from 0.
enum LoadRequest: Sendable, Equatable {
    case checkout(number: Int)
    /// The same checkout once more, with the same `Idempotency-Key`.
    case repetition(number: Int)
    case invalid(number: Int)
    case guess(number: Int)
    case purchase(PurchaseJob)
    case giveBack(code: [UInt8])
    case scheduled(ScheduledRequest)
}

/// A code on its way to being paid for.
struct PurchaseJob: Sendable, Equatable {
    let code: [UInt8]
    /// How often the purchase was sent.
    var tries = 0
    /// Monotonic time in nanoseconds at which it was sent first.
    var firstSentAt: UInt64 = 0
    /// When it should be sent; 0: as soon as a connection is free.
    var dueAt: UInt64 = 0
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
