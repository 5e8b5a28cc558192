import Foundation
import Synchronization

/// Gives the terminal back as it was however the process ends: also when somebody closes the window, suspends the
/// process, or a fault ends it. Normal ends and Ctrl-C are the business of ``LoadLiveView``; what is here is for those
/// ends that leave no time for it.
enum TerminalGuard {
    /// Ends of the process, and SIGTSTP, after which somebody else uses the terminal.
    private static let signals = [SIGHUP, SIGQUIT, SIGTSTP, SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE]
    private static let isArmed = Atomic(false)
    /// What the signals did before, and whether the end of the process is watched.
    private static let before = Mutex<(actions: [Int32: sigaction], isRegistered: Bool)>(([:], false))

    /// What ``LoadLiveView/leave`` writes. A signal handler writes it: no allocation, no lock.
    private static let restore: StaticString = "\u{1B}[?7h\u{1B}[H\u{1B}[J\u{1B}[?1049l\u{1B}[?25h"

    /// From now on every end writes what restores the terminal. Called again after SIGTSTP it goes on watching.
    static func arm() {
        isArmed.store(true, ordering: .sequentiallyConsistent)
        before.withLock { before in
            if !before.isRegistered {
                atexit { TerminalGuard.writeRestore() }
                before.isRegistered = true
            }
            for number in signals {
                var action = sigaction()
                action.__sigaction_handler.sa_handler = { number in
                    TerminalGuard.writeRestore()
                    // As if there had been no handler.
                    signal(number, SIG_DFL)
                    raise(number)
                }
                var old = sigaction()
                sigaction(number, &action, &old)
                if before.actions[number] == nil { before.actions[number] = old }
            }
        }
    }

    /// Nothing is to be restored any more.
    static func disarm() {
        guard isArmed.exchange(false, ordering: .sequentiallyConsistent) else { return }
        before.withLock { before in
            for (number, action) in before.actions {
                var action = action
                sigaction(number, &action, nil)
            }
            before.actions = [:]
        }
    }

    private static func writeRestore() {
        guard isArmed.load(ordering: .sequentiallyConsistent) else { return }
        _ = write(STDERR_FILENO, restore.utf8Start, restore.utf8CodeUnitCount)
    }
}
