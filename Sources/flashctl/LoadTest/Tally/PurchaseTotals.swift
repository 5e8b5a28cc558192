/// What became of the codes of a whole run.
struct PurchaseTotals: Sendable {
    var tally = PurchaseTally()
    /// The same of purchases that were due while it was still warming up: in no total, but their codes are.
    var warm: PurchaseTally?
    /// Codes that were got by 201s.
    var codes: UInt64 = 0
    /// Codes of them that were to be paid for.
    var scheduled: UInt64 = 0
    /// What was left in the pool.
    var leftover = PurchasePool.Leftover()

    /// Codes that were never sent.
    var unsent: UInt64 { leftover.unsent }
    /// Codes whose last answer was 202: bought perhaps, but nobody has said so.
    var pending: UInt64 { tally.givenUp + leftover.pending }
    /// Purchases that were sent and neither answered nor failed when the run ended.
    var unanswered: UInt64 { tally.requests.inFlight }

    /// Whether every code that was to be paid for is in exactly one of the counts.
    var addsUp: Bool {
        var all = tally
        if let warm { all.add(warm) }
        let ended = all.committed + all.foreign + all.refused + all.requests.failed + all.requests.inFlight
        return scheduled == ended + all.givenUp + leftover.pending + unsent
    }

    /// Whether every purchase has its final answer, and no answer is a server error.
    var isClean: Bool {
        let lost = tally.requests.networkErrors + unanswered + unsent + pending + tally.withoutCode
        return lost == 0 && tally.requests.count(500..<600) == 0 && addsUp
    }

    /// Seconds from the first purchase to the last answer to one.
    var seconds: Double { tally.requests.seconds }
}
