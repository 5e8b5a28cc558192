import Foundation
import Subprocess
import Synchronization

/// A program that the shell starts: in the process group of the shell, so that it may use the terminal.
struct ShellProgram: Sendable {
    private let task: Task<Int32, any Error>
    private static let running = Atomic<Int>(0)

    /// Whether one runs: then the keys that end or stop something are for it, and not for the shell.
    static var isInFront: Bool { running.load(ordering: .relaxed) > 0 }

    /// Where its input is written; −1 for one that reads what the shell reads.
    private let descriptor: Int32

    /// Starts a command line of sh.
    ///
    /// - Parameter takesInput: whether its input is written by ``write(_:)``.
    init(_ text: String, takesInput: Bool) throws(CommandFailure) {
        var ends: [Int32] = [STDIN_FILENO, -1]
        if takesInput {
            guard pipe(&ends) == 0 else {
                throw CommandFailure(.failure, "cannot start `\(text)`: \(String(cString: strerror(errno)))")
            }
            // The program must not keep its own input open.
            _ = fcntl(ends[1], F_SETFD, FD_CLOEXEC)
        }
        let (input, isPipe) = (ends[0], takesInput)
        descriptor = ends[1]
        ShellProgram.running.add(1, ordering: .relaxed)
        task = Task {
            defer { ShellProgram.running.subtract(1, ordering: .relaxed) }
            let result = try await Subprocess.run(
                .path("/bin/sh"),
                arguments: ["-c", text],
                input: .fileDescriptor(.init(rawValue: input), closeAfterSpawningProcess: isPipe),
                output: .fileDescriptor(.init(rawValue: STDOUT_FILENO), closeAfterSpawningProcess: false),
                error: .fileDescriptor(.init(rawValue: STDERR_FILENO), closeAfterSpawningProcess: false)
            )
            switch result.terminationStatus {
            case .exited(let code): return code
            case .signaled(let signal): return 128 + signal
            }
        }
    }

    /// Writes to its input.
    /// - Throws: ``OutputClosed`` when it reads no more.
    func write(_ text: String) throws {
        var text = text
        try text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                // Somebody has left the pager: they have seen enough.
                guard count >= 0 else { throw OutputClosed() }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }

    /// Ends its input and waits until it has ended. Cancelling ends it.
    /// - Returns: its status; 128 and the signal that ended it.
    func finish() async throws -> Int32 {
        if descriptor >= 0 { close(descriptor) }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// Runs a program that reads what the shell reads, to its end.
    /// - Throws: ``CommandFailure`` when it fails.
    static func run(_ text: String) async throws {
        try check(try await ShellProgram(text, takesInput: false).finish(), text)
    }

    static func check(_ status: Int32, _ text: String) throws(CommandFailure) {
        guard status != 0 else { return }
        throw CommandFailure(.failure, "`\(text)` ended with status \(status)")
    }
}
