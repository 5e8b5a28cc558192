import Foundation

/// Reads one answer at the terminal in a way that Ctrl-C can end: a reading that went on behind the prompt would take
/// what is typed next.
struct TerminalAnswer: Sendable {
    private let cancellation: WakeupPipe

    init() throws(CommandFailure) {
        cancellation = try WakeupPipe("answers cannot be read")
    }

    /// The next line without its end; nil at the end of the input, or when the task was cancelled.
    func next() async -> String? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Whoever is asked may take an hour: not on a thread that others need.
                Thread.detachNewThread { continuation.resume(returning: read()) }
            }
        } onCancel: {
            cancellation.call()
        }
    }

    private func read() -> String? {
        var answer: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 1024)
        while true {
            var sources = [
                pollfd(fd: cancellation.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
            ]
            if poll(&sources, 2, -1) < 0, errno != EINTR { return nil }
            if sources[0].revents != 0 { return nil }
            guard sources[1].revents != 0 else { continue }
            let count = Glibc.read(STDIN_FILENO, &bytes, bytes.count)
            guard count > 0 else { return answer.isEmpty ? nil : String(decoding: answer, as: UTF8.self) }
            answer += bytes[..<count]
            if let end = answer.firstIndex(of: 10) { return String(decoding: answer[..<end], as: UTF8.self) }
        }
    }
}
