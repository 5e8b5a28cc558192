import Synchronization

/// Cancels statements on threads that may be left behind: `PQcancel` blocks as long as the server is stopped.
enum PostgresCanceller {
    /// Cancellations under way at once. Beyond that the socket is only shut down, which ends the session as well, but
    /// not before the server next writes to it.
    static let limit = 16
    private static let running = Atomic<Int>(0)

    /// Asks the server to end what this connection runs. Returns at once.
    static func cancel(_ libpq: LibpqConnection) {
        guard let handle = libpq.cancelHandle() else { return }
        guard running.add(1, ordering: .relaxed).newValue <= limit else {
            running.subtract(1, ordering: .relaxed)
            return
        }
        let status = PostgresThread.start {
            handle.cancelBlocking()
            running.subtract(1, ordering: .relaxed)
        }
        if status != 0 { running.subtract(1, ordering: .relaxed) }
    }
}
