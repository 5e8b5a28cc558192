import Synchronization

/// Hands the interrupts of one command to one part of it after the other. A stream ends when a task that waits for it
/// is cancelled, so no part may have the stream of the signals itself.
final class InterruptFeed: Sendable {
    private let current = Mutex<AsyncStream<ExitStatus>.Continuation?>(nil)

    /// Passes on everything that comes, until the task is cancelled.
    func run(_ source: AsyncStream<ExitStatus>) async {
        for await status in source { current.withLock { _ = $0?.yield(status) } }
    }

    /// What comes from now on goes into this stream, and no longer into the one before.
    func stream() -> AsyncStream<ExitStatus> {
        let (stream, continuation) = AsyncStream.makeStream(of: ExitStatus.self)
        current.withLock { $0 = continuation }
        return stream
    }
}
