/// A wait that ends although what it waits for does not.
enum Patience {
    /// The value of a task that never fails; nil when it takes longer than `limit`. The task goes on.
    static func within<Value: Sendable>(_ limit: Duration, _ task: Task<Value, Never>) async -> Value? {
        let (outcomes, outcome) = AsyncStream.makeStream(of: Value?.self, bufferingPolicy: .bufferingOldest(1))
        let clock = Task {
            try? await Task.sleep(for: limit)
            outcome.yield(nil)
        }
        Task {
            outcome.yield(await task.value)
            clock.cancel()
        }
        for await first in outcomes { return first }
        // Only when the caller was cancelled.
        return nil
    }
}
