import Foundation
import Synchronization

/// Reads an answer at the terminal in a way that Ctrl-C can end: a reading that went on behind the prompt would take
/// what is typed next.
final class TerminalAnswer: Sendable {
    private let wakeup: (read: Int32, write: Int32)
    private let isReading = Atomic<Bool>(false)

    init() throws(CommandFailure) {
        var descriptors: [Int32] = [0, 0]
        guard pipe(&descriptors) == 0 else {
            throw CommandFailure(.failure, "answers cannot be read: \(String(cString: strerror(errno)))")
        }
        for descriptor in descriptors {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        }
        wakeup = (descriptors[0], descriptors[1])
    }

    deinit {
        close(wakeup.read)
        close(wakeup.write)
    }

    /// The next line without its end; nil at the end of the input, or when it was cancelled.
    func read() -> String? {
        forget()
        isReading.store(true, ordering: .sequentiallyConsistent)
        defer { isReading.store(false, ordering: .sequentiallyConsistent) }
        var answer: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 1024)
        while true {
            var sources = [
                pollfd(fd: wakeup.read, events: Int16(POLLIN), revents: 0),
                pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
            ]
            if poll(&sources, 2, -1) < 0, errno != EINTR { return nil }
            if sources[0].revents != 0 { return nil }
            guard sources[1].revents != 0 else { continue }
            let count = Glibc.read(STDIN_FILENO, &bytes, bytes.count)
            guard count > 0 else { return answer.isEmpty ? nil : String(decoding: answer, as: UTF8.self) }
            answer += bytes[..<count]
            if answer.last == 10 { return String(decoding: answer.dropLast(), as: UTF8.self) }
        }
    }

    /// Ends the reading, if somebody is being asked.
    func cancel() {
        guard isReading.load(ordering: .sequentiallyConsistent) else { return }
        var byte: UInt8 = 0
        _ = Glibc.write(wakeup.write, &byte, 1)
    }

    private func forget() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while Glibc.read(wakeup.read, &bytes, bytes.count) > 0 {}
    }
}
