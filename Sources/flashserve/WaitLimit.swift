import NIOCore

/// How long a batch may wait for its turn. Who waits and is then decided is answered within two seconds all the same: a
/// Redis that took long for its last answer is expected to take as long for the next one.
struct WaitLimit {
    private let times: ServerTimes
    private var lastAnswer = TimeAmount.zero

    init(_ times: ServerTimes = ServerTimes()) { self.times = times }

    /// Redis has answered a call, or was given up, after this time.
    mutating func observed(_ time: TimeAmount) {
        lastAnswer = time
    }

    /// Whether a batch that has waited since then is too late to be sent.
    func isOver(_ since: NIODeadline, now: NIODeadline) -> Bool {
        now - since > min(times.queue, max(times.shortestQueue, times.answer - lastAnswer))
    }
}
