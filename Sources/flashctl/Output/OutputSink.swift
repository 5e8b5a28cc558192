import Foundation
import Synchronization

/// Whoever read our standard output has closed it.
struct OutputClosed: Error, Equatable {}

/// Where bytes of a command go: data to standard output, talk to standard error. Tests collect both instead.
struct OutputSink: Sendable {
    let data: @Sendable (String) throws -> Void
    let talk: @Sendable (String) -> Void

    /// The process's own streams. SIGPIPE must be ignored, so that a closed one is an error here.
    static let process = OutputSink(
        data: { try write($0, to: STDOUT_FILENO) },
        talk: { text in
            do {
                try write(text, to: STDERR_FILENO)
            } catch {
                // Nobody listens to what we say: the data and the exit status still count.
            }
        }
    )

    private static func write(_ text: String, to descriptor: Int32) throws {
        var text = text
        try text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count >= 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                } else if errno == EPIPE {
                    throw OutputClosed()
                } else if errno == EAGAIN {
                    var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&poller, 1, 1000)
                } else if errno != EINTR {
                    let reason = String(cString: strerror(errno))
                    throw CommandFailure(.failure, "cannot write the output: \(reason)")
                }
            }
        }
    }
}
