import Histogram

/// What became of purchases. A value: workers keep one each, and they are added up at the end.
struct PurchaseTally: Sendable {
    /// Requests and answers, a code that was asked again counted each time.
    var requests = LoadTally(.purchase)
    /// Codes answered 200, unless another's purchase is repeated: see ``foreign``.
    private(set) var committed: UInt64 = 0
    /// 200s that say `Idempotent-Replayed`: normal when a code was answered 202 before.
    private(set) var replayed: UInt64 = 0
    /// Codes whose very first purchase is answered as a repetition: somebody else has bought with them.
    private(set) var foreign: UInt64 = 0
    /// Purchases that were sent again after a 202.
    var askedAgain: UInt64 = 0
    /// Codes that are given up, still answered 202 after all tries.
    var givenUp: UInt64 = 0
    /// 201s in which no code was found.
    var withoutCode: UInt64 = 0
    /// Nanoseconds from the first purchase of a code to its 200, waiting times included.
    private(set) var untilCommitted: Histogram<UInt64>?

    /// Counts the 200 that ends a code, besides `requests.record`.
    mutating func recordSuccess(replayed isReplayed: Bool, tries: Int, nanoseconds: UInt64) {
        if isReplayed { replayed += 1 }
        guard !isReplayed || tries > 1 else {
            foreign += 1
            return
        }
        committed += 1
        if untilCommitted == nil { untilCommitted = LoadTally.newHistogram() }
        untilCommitted?.record(min(nanoseconds, LoadTally.longestLatency))
    }

    /// Codes that ended with an answer other than 200 and 202.
    var refused: UInt64 { requests.answered - requests.count([200, 202]) }

    /// Adds what another worker counted.
    mutating func add(_ other: PurchaseTally) {
        requests.add(other.requests)
        committed += other.committed
        replayed += other.replayed
        foreign += other.foreign
        askedAgain += other.askedAgain
        givenUp += other.givenUp
        withoutCode += other.withoutCode
        guard let added = other.untilCommitted else { return }
        if untilCommitted == nil { untilCommitted = added } else { untilCommitted?.add(added) }
    }
}
