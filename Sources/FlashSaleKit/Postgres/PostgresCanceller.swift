import Synchronization

/// Cancels statements on threads that may be left behind: `PQcancel` blocks as long as the server is stopped.
enum PostgresCanceller {
    /// Cancellations under way at once. Beyond that the socket is only shut down, which ends the session as well, but
    /// not before the server next writes to it.
    static let limit = 16
    private static let running = Atomic<Int>(0)

    /// One request to cancel.
    final class Request: Sendable {
        private let answered = Atomic<Bool>(false)
        /// The server has passed the request on: it will not hit a later statement.
        var isAnswered: Bool { answered.load(ordering: .acquiring) }
        fileprivate func end() { answered.store(true, ordering: .releasing) }
    }

    /// Asks the server to end what this connection runs. Returns at once; the wakeup is signalled once it has answered.
    /// - Returns: nil when it could not be asked.
    @discardableResult
    static func cancel(_ libpq: LibpqConnection, _ wakeup: PostgresWakeup) -> Request? {
        guard let handle = libpq.cancelHandle() else { return nil }
        let request = Request()
        var started = false
        if running.add(1, ordering: .relaxed).newValue <= limit {
            let status = PostgresThread.start {
                handle.cancelBlocking()
                running.subtract(1, ordering: .relaxed)
                request.end()
                wakeup.signal()
            }
            started = status == 0
        }
        if !started { running.subtract(1, ordering: .relaxed) }
        return started ? request : nil
    }
}
