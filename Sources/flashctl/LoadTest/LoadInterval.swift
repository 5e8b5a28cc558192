import FlashSaleKit
import Histogram

/// What happened in one second of a load test. The engine hands one over each second; the live view, the timeline of
/// the report and the histogram log are made from nothing else.
struct LoadInterval: Sendable {
    /// The stock and the backlog of the server, as `/health` tells them.
    struct Shop: Sendable, Equatable {
        var free: Int
        var held: Int
        var sold: Int
        /// Journal entries that are not yet in Postgres.
        var backlog: Int
    }

    /// Seconds from the start of the load to the start of the interval.
    var start: Double
    /// Length in seconds; the last one is shorter.
    var length: Double
    /// Still warming up: shown, but in no total.
    var isWarmup = false
    /// Requests per second that the plan asks for; nil in the closed model.
    var targetRate: Double?
    /// Requests whose intended send time fell into the interval.
    var scheduled: UInt64 = 0
    var sent: UInt64 = 0
    /// Of those sent the ones that the plan did not ask for, since they follow from answers: purchases of codes got,
    /// repetitions, returns.
    var followUps: UInt64 = 0
    /// Requests that ended, with an answer or without.
    var completed: UInt64 = 0
    /// Requests without an answer at the end of the interval.
    var inFlight: UInt64 = 0
    /// Requests that are due and not sent at the end of the interval.
    var waiting: UInt64 = 0
    var outcomes: [LoadOutcome: UInt64] = [:]
    /// Nanoseconds from the intended send time to the answer, of all that ended in the interval, by outcome.
    var latencies: [LoadOutcome: Histogram<UInt64>] = [:]
    /// Nanoseconds between the intended send time and the actual one, 99 of 100 stayed below; 0 in the closed model.
    var scheduleLagP99: UInt64 = 0
    /// Processors that the generator kept busy.
    var processors: Double = 0
    /// Nil when the server did not tell.
    var shop: Shop?
}
