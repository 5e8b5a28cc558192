import Synchronization

/// The command that a shell runs, for those who want to end it.
final class RunningCommand: Sendable {
    /// What may happen while a command runs.
    enum Happening: Sendable {
        case ended(Result<ShellInterpreter.Wish?, any Error>)
        case interrupted
        case waitedEnough
    }

    private struct State {
        var command: AsyncStream<Happening>.Continuation?
        /// An interrupt came when the line was typed and its command had not begun.
        var isInterrupted = false
        /// SIGTERM, or the window is gone.
        var isTerminated = false
    }

    private let state = Mutex(State())

    /// A command begins; an interrupt that came too early is for it.
    func begin(_ command: AsyncStream<Happening>.Continuation) {
        state.withLock { state in
            state.command = command
            if state.isInterrupted { command.yield(.interrupted) }
            state.isInterrupted = false
        }
    }

    func end() { state.withLock { $0.command = nil } }

    /// A line is about to be typed: an interrupt from now on is for the line.
    func forget() { state.withLock { $0.isInterrupted = false } }

    /// Interrupts whatever runs; nothing is to be begun any more.
    func terminate() {
        state.withLock { state in
            state.command?.yield(.interrupted)
            state.isTerminated = true
        }
    }

    var isTerminated: Bool { state.withLock { $0.isTerminated } }

    /// Interrupts the command that runs; false when there is none.
    func interrupt() -> Bool {
        state.withLock { state in
            state.command?.yield(.interrupted)
            return state.command != nil
        }
    }

    /// Interrupts the command that runs, or else the one that is about to.
    func interruptNext() {
        state.withLock { state in
            state.command?.yield(.interrupted)
            if state.command == nil { state.isInterrupted = true }
        }
    }
}
