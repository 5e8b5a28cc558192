/// What a worker hands over once a second.
struct LoadShare: Sendable {
    /// Since the last time.
    var counts = LoadCounts()
    /// The same of requests that were due while it was warming up.
    var warm = LoadCounts()
    /// Requests that wait for their answer now, and those that wait for a connection.
    var inFlight: UInt64 = 0
    var waiting: UInt64 = 0
    /// Monotonic time in nanoseconds at which the load began; nil before.
    var startedAt: UInt64?
    /// Processor time of the worker's thread since it started, without the polls that found nothing.
    var threadSeconds = 0.0
    /// Processor time of those polls.
    var polledSeconds = 0.0
}
