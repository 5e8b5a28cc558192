import Foundation
import Synchronization

/// An advisory lock (`flock`) on a file. The kernel gives it back when the process dies, however it dies; each value
/// has its own open file, so two stacks of one process exclude each other like two processes.
final class FileLock: Sendable {
    enum Mode {
        case shared, exclusive

        var operation: Int32 { self == .shared ? LOCK_SH : LOCK_EX }
    }

    private static let closed: Int32 = -1
    private let descriptor: Mutex<Int32>
    let path: String

    /// Opens the file, and makes it when it is missing. Nothing is locked yet.
    init(path: String) throws(LocalStackError) {
        // O_CLOEXEC: a server that we start must not inherit the lock.
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard opened >= 0 else {
            throw LocalStackError(
                .folder,
                "The lock file \(path) cannot be opened: \(errnoText()).",
                nextStep: "check who owns the folder, or choose another one with XDG_STATE_HOME"
            )
        }
        self.path = path
        descriptor = Mutex(opened)
    }

    deinit { close() }

    /// Takes the lock if nobody holds it in the way.
    func tryLock(_ mode: Mode) -> Bool {
        descriptor.withLock { $0 >= 0 && flock($0, mode.operation | LOCK_NB) == 0 }
    }

    /// Takes the lock, waiting up to `limit` without blocking a thread.
    func lock(_ mode: Mode, limit: Duration) async throws {
        let deadline = ContinuousClock.now + limit
        while !tryLock(mode) {
            guard ContinuousClock.now < deadline else {
                throw LocalStackError(
                    .locked,
                    "Another process holds \(path) for more than \(limit).",
                    nextStep: "see who it is with: fuser -v \(path)"
                )
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    func unlock() {
        descriptor.withLock { if $0 >= 0 { _ = flock($0, LOCK_UN) } }
    }

    func close() {
        descriptor.withLock {
            if $0 >= 0 { _ = Glibc.close($0) }
            $0 = FileLock.closed
        }
    }
}

/// The text of the current `errno`.
func errnoText(_ code: Int32 = errno) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
    return String(decoding: buffer.prefix(while: { $0 != 0 }).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
