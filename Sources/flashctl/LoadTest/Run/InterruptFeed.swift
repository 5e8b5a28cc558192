import Synchronization

/// Hands the interrupts of one command to one part of it after the other. A stream ends when a task that waits for it
/// is cancelled, so no part may have the stream of the signals itself.
final class InterruptFeed: Sendable {
    private struct State {
        var current: AsyncStream<ExitStatus>.Continuation?
        /// Whether the current part has heard something.
        var isTold = false
    }

    private let state = Mutex(State())

    /// Passes on everything that comes, until the task is cancelled.
    func run(_ source: AsyncStream<ExitStatus>) async {
        for await status in source {
            state.withLock { state in
                state.isTold = true
                state.current?.yield(status)
            }
        }
    }

    /// What comes from now on goes into this stream, and no longer into the one before.
    func stream() -> AsyncStream<ExitStatus> {
        let (stream, continuation) = AsyncStream.makeStream(of: ExitStatus.self)
        state.withLock { $0 = State(current: continuation) }
        return stream
    }

    /// Ends the current part, once, unless somebody has ended it already: a second interrupt would not wait for
    /// answers.
    func stop(_ status: ExitStatus) {
        state.withLock { state in
            guard !state.isTold else { return }
            state.isTold = true
            state.current?.yield(status)
        }
    }
}
