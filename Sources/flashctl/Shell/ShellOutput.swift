import Foundation
import Synchronization

/// Where the data of one command of the shell goes: to the screen, through the pager once it is longer than that, to a
/// file or to a program.
final class ShellOutput: Sendable {
    /// The destination.
    enum Target: Sendable {
        case direct
        /// What has fewer lines than the screen is shown; more goes through this program.
        case screen(rows: Int, columns: Int, pager: String)
        case file(String)
        case program(String)
    }

    private struct State {
        var waiting = ""
        var program: ShellProgram?
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
        let isTaken = try state.withLock { state in
            if state.all.utf8.count + text.utf8.count <= ShellOutput.mostKept { state.all += text }
            if let program = state.program {
                try program.write(text)
                return true
            }
            switch target {
            case .direct: return false
            case .file: state.waiting += text
            case .program(let command):
                state.waiting += text
                try start(command, &state)
            case .screen(let rows, let columns, let pager):
                state.waiting += text
                if ShellOutput.lines(state.waiting, columns: columns) >= rows { try start(pager, &state) }
            }
            return true
        }
        if !isTaken { try base.data(text) }
    }

    private func start(_ command: String, _ state: inout State) throws {
        let program = try ShellProgram(command, takesInput: true)
        state.program = program
        let text = state.waiting
        state.waiting = ""
        try program.write(text)
    }

    /// Writes what still waits, and waits until the program has ended.
    func finish() async throws {
        let (waiting, program) = state.withLock { state in
            defer { state.waiting = "" }
            return (state.waiting, state.program)
        }
        if let program {
            let status = try await program.finish()
            switch target {
            case .screen(_, _, let pager):
                // What a shell says of a program that is not there: the data is shown all the same.
                if status == 127 || status == 126 {
                    base.talk("There is no pager `\(pager)`: set FLASHCTL_PAGER or PAGER.\n")
                    try base.data(text)
                }
            case .program(let command): try ShellProgram.check(status, command)
            default: break
            }
            return
        }
        switch target {
        case .file(let path): try ShellOutput.append(waiting, to: path)
        default: if !waiting.isEmpty { try base.data(waiting) }
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

    /// Lines that a text takes on a screen.
    static func lines(_ text: String, columns: Int) -> Int {
        text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().reduce(0) { sum, line in
            sum + max(1, (DisplayWidth.of(String(line)) + columns - 1) / max(1, columns))
        }
    }
}
