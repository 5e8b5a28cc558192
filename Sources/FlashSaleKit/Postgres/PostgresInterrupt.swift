import Glibc
import Synchronization

/// Wakes a thread out of `poll(2)`: a pipe to itself.
final class PostgresWakeup: Sendable {
    /// To be polled for reading.
    let descriptor: Int32
    private let writer: Int32

    init() throws(PostgresError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw PostgresError(
                .connectFailed,
                "no file descriptor is left for a Postgres connection: errno \(errno)",
                nextStep: "raise the limit of open files (ulimit -n)"
            )
        }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        descriptor = ends[0]
        writer = ends[1]
    }

    deinit {
        close(descriptor)
        close(writer)
    }

    func signal() {
        var byte: UInt8 = 1
        // Only a full pipe refuses, and that one wakes as well.
        _ = write(writer, &byte, 1)
    }

    func clear() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(descriptor, &bytes, bytes.count) == bytes.count {}
    }
}

/// The wish to end one call early.
final class PostgresInterrupt: Sendable {
    private let raised = Atomic<Bool>(false)
    private let wakeup: PostgresWakeup

    init(_ wakeup: PostgresWakeup) {
        self.wakeup = wakeup
    }

    var isRaised: Bool { raised.load(ordering: .acquiring) }

    func raise() {
        raised.store(true, ordering: .releasing)
        wakeup.signal()
    }
}
