/// How a crowd of buyers behaves. Shares are per cent.
struct CrowdPlan: Sendable {
    /// Buyers at once; each has one connection.
    var buyers = 32
    /// Units that one user may have.
    var limit = 5
    /// Between two steps of a buyer, in milliseconds.
    var pause = 20...160
    /// Between a code and its purchase, in milliseconds; a few take longer than a hold lasts.
    var thinking = 10...400
    var slowThinking = 2500...4500
    var slow = 3
    /// Buyers who share few names and ask for more than the limit.
    var greedy = 15
    var greedyNames = 6
    /// Checkouts with an Idempotency-Key, repeated with the same key when the answer is lost.
    var keyed = 70
    var abandons = 10
    var releases = 8
    /// Repeat a purchase that was answered 200.
    var repeats = 20
    var guesses = 4
    /// Longest wait for an answer, in milliseconds. A purchase may be answered after 3 s.
    var patience: Int64 = 6000
}
