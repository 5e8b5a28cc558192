/// The search for the highest rate that a server sustains.
struct LoadSearch: Sendable, Equatable {
    struct Step: Sendable, Equatable {
        /// Requests per second that were asked for.
        var rate: Double
        /// Requests per second that were answered.
        var achieved: Double
        /// What was measured, in the unit of the condition's metric; nil when nothing was.
        var value: Double?
        /// Whether the condition held.
        var holds: Bool
    }

    /// What has to hold, e.g. `checkout.p99<20ms`.
    var condition: LoadThreshold
    /// In the order in which they were tried.
    var steps: [Step] = []
    /// The highest rate at which it held; nil when it never did.
    var best: Double? { steps.filter(\.holds).map(\.rate).max() }
}
