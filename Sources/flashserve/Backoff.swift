/// Waits between attempts to reach a store: doubled each time, with jitter so that servers do not return in step.
struct Backoff {
    private let first: Duration
    private let limit: Duration
    private var next: Duration

    init(first: Duration = .milliseconds(50), limit: Duration = .seconds(1)) {
        self.first = first
        self.limit = limit
        next = first
    }

    /// The next wait: between half of the current step and the whole of it.
    mutating func step() -> Duration {
        let current = next
        next = min(next * 2, limit)
        return current * Double.random(in: 0.5...1)
    }

    mutating func reset() {
        next = first
    }
}
