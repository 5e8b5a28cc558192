import Foundation
import Synchronization

/// Where the data of one command of the shell goes: to the screen, through the pager once it is longer than that, to a
/// file or to a program.
final class ShellOutput: Sendable {
    /// The destination.
    enum Target: Sendable {
        case direct
        /// Up to so many lines go to the screen; more go through this program.
        case screen(rows: Int, columns: Int, pager: String)
        case file(String)
        case program(String)
    }

    private struct State {
        var waiting = ""
        var process: Process?
        var pipe: FileHandle?
        var all = ""
    }

    private let base: OutputSink
    private let target: Target
    private let state = Mutex(State())

    /// Most bytes of the last output that `\|` can show again.
    private static let mostKept = 8 << 20

    init(_ target: Target, base: OutputSink) {
        self.target = target
        self.base = base
    }

    /// What commands write to.
    var sink: OutputSink {
        OutputSink(data: { try self.write($0) }, talk: base.talk)
    }

    /// Everything that was written, unless it was too much to keep.
    var text: String { state.withLock { $0.all } }

    private func write(_ text: String) throws {
        let isRunning = try state.withLock { state in
            if state.all.utf8.count + text.utf8.count <= ShellOutput.mostKept { state.all += text }
            if case .direct = target { return false }
            if let pipe = state.pipe {
                try ShellOutput.write(text, to: pipe)
                return true
            }
            state.waiting += text
            switch target {
            case .screen(let rows, let columns, let pager):
                guard ShellOutput.lines(state.waiting, columns: columns) >= rows else { return true }
                try start(pager, &state)
            case .program(let program): try start(program, &state)
            case .file, .direct: break
            }
            return true
        }
        if !isRunning { try base.data(text) }
    }

    /// Writes what still waits, and waits until the program has ended.
    func finish() async throws {
        let (waiting, process) = state.withLock { state in
            defer {
                state.waiting = ""
                state.pipe = nil
            }
            try? state.pipe?.close()
            return (state.waiting, state.process)
        }
        if let process {
            await ShellOutput.ended(process)
            return
        }
        switch target {
        case .file(let path): try ShellOutput.append(waiting, to: path)
        default: if !waiting.isEmpty { try base.data(waiting) }
        }
    }

    /// Starts a program that reads what was and will be written.
    private func start(_ program: String, _ state: inout State) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", program]
        let pipe = Pipe()
        process.standardInput = pipe
        do {
            try process.run()
        } catch {
            throw CommandFailure(.failure, "cannot start `\(program)`: \(error.localizedDescription)")
        }
        state.process = process
        state.pipe = pipe.fileHandleForWriting
        let text = state.waiting
        state.waiting = ""
        try ShellOutput.write(text, to: pipe.fileHandleForWriting)
    }

    private static func write(_ text: String, to handle: FileHandle) throws {
        do {
            try handle.write(contentsOf: Data(text.utf8))
        } catch {
            // Somebody has left the pager: they have seen enough.
            throw OutputClosed()
        }
    }

    private static func append(_ text: String, to path: String) throws {
        guard let file = fopen(path, "a") else {
            throw CommandFailure(.failure, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        guard fputs(text, file) >= 0, fflush(file) == 0 else {
            throw CommandFailure(.failure, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
    }

    /// Waits without a thread.
    static func ended(_ process: Process) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let resumed = Mutex(false)
            let resume: @Sendable () -> Void = {
                let first = resumed.withLock { resumed in
                    defer { resumed = true }
                    return !resumed
                }
                if first { continuation.resume() }
            }
            process.terminationHandler = { _ in resume() }
            // It may have ended before the handler was there.
            if !process.isRunning { resume() }
        }
    }

    /// Lines that a text takes on a screen.
    static func lines(_ text: String, columns: Int) -> Int {
        text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().reduce(0) { sum, line in
            sum + max(1, (DisplayWidth.of(String(line)) + columns - 1) / max(1, columns))
        }
    }
}
