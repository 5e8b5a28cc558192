import Foundation

/// Ends a `poll` that waits for something else, from any thread; a call that comes before the waiting ends it too.
final class WakeupPipe: Sendable {
    /// Readable once somebody has called.
    let descriptor: Int32
    private let end: Int32

    /// - Parameter purpose: what cannot be done without it, as "answers cannot be read".
    init(_ purpose: String) throws(CommandFailure) {
        var descriptors: [Int32] = [0, 0]
        guard pipe(&descriptors) == 0 else {
            throw CommandFailure(.failure, "\(purpose): \(String(cString: strerror(errno)))")
        }
        for descriptor in descriptors {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        }
        (descriptor, end) = (descriptors[0], descriptors[1])
    }

    deinit {
        close(descriptor)
        close(end)
    }

    /// Ends the waiting.
    func call() {
        var byte: UInt8 = 0
        // A pipe that is full wakes it just as well.
        _ = Glibc.write(end, &byte, 1)
    }

    /// Forgets the calls so far.
    func drain() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while Glibc.read(descriptor, &bytes, bytes.count) > 0 {}
    }
}
