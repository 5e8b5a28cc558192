import Foundation
import Synchronization

/// Places at which a debug build can be made to die or to stand still, to prove that restarting is the recovery.
///
/// The environment arms one of them: `FLASHCTL_FAILPOINT=NAME[@N]=abort|stop`. At the Nth time that the process comes
/// there it sends itself SIGKILL or SIGSTOP. In release builds `reach` is empty, and arming one is refused at start.
public enum Failpoint {
    /// The environment variable that arms a failpoint.
    public static let variable = "FLASHCTL_FAILPOINT"

    /// The environment variable that shortens how long drained entries stay in Redis, in milliseconds: no test waits
    /// minutes for the first trim. In debug builds only, like the failpoints.
    public static let keepVariable = "FLASHCTL_JOURNAL_KEEP_MS"

    /// The variables that are no settings.
    static let variables = [variable, keepVariable]

    /// Every failpoint there is. The ledger is written by one statement, which commits itself: no COPY there.
    public static let names = [
        "ledger.before-commit", "ledger.after-commit", "ledger.during-trim",
        "attempts.before-copy", "attempts.after-copy", "attempts.before-commit", "attempts.after-commit",
        "attempts.during-trim",
        "recovery.epoch-taken", "recovery.cursors-raised", "recovery.fenced", "recovery.drained", "recovery.folded",
        "recovery.begun", "recovery.restoring", "recovery.opened", "recovery.blessed",
        "rotation.seeded", "rotation.opened", "rotation.closing", "rotation.drained", "rotation.finished",
        "seed.withdrawing", "seed.drained", "seed.withdrawn",
        "gap.before-commit", "gap.after-commit",
    ]

    /// Marks the place: what stands before it has happened, what stands behind it has not.
    @inlinable
    public static func reach(_ name: String) {
        #if FAILPOINTS
            ArmedFailpoint.ofProcess?.reached(name)
        #endif
    }

    /// The limits that a drain goes by, with ``keepVariable`` taken into account.
    static func limits(_ limits: DrainLimits) -> DrainLimits {
        #if FAILPOINTS
            guard let keep = ProcessInfo.processInfo.environment[keepVariable].flatMap({ UInt64($0) }) else {
                return limits
            }
            var shortened = limits
            shortened.keepMilliseconds = keep
            return shortened
        #else
            return limits
        #endif
    }

    /// Refuses an environment that arms what does not exist: a test that waits for a death that never comes proves
    /// nothing.
    public static func check(_ environment: [String: String]) throws(ConfigurationError) {
        #if FAILPOINTS
            if let text = environment[variable] { _ = try ArmedFailpoint(parsing: text) }
            if let text = environment[keepVariable], UInt64(text) == nil {
                throw ConfigurationError(
                    .badValue,
                    "environment variable \(keepVariable): `\(text)` is no number of milliseconds",
                    nextStep: "give a whole number, e.g. 300"
                )
            }
        #else
            for name in variables {
                guard let text = environment[name] else { continue }
                throw ConfigurationError(
                    .badValue,
                    "environment variable \(name) is set to `\(text)`, but this build has no failpoints",
                    nextStep: "unset it, or use a debug build"
                )
            }
        #endif
    }
}

#if FAILPOINTS
    /// The failpoint that the environment has armed.
    @usableFromInline
    final class ArmedFailpoint: Sendable {
        /// What happens there.
        enum Action: String {
            case abort, stop

            var signal: Int32 { self == .abort ? SIGKILL : SIGSTOP }
        }

        let name: String
        let action: Action
        private let remaining: Mutex<Int>

        /// That of this process; nil when none is armed, or none that ``Failpoint/check(_:)`` lets pass.
        @usableFromInline static let ofProcess = ProcessInfo.processInfo.environment[Failpoint.variable]
            .flatMap { try? ArmedFailpoint(parsing: $0) }

        /// `NAME=abort`, or `NAME@3=stop` for the third time.
        init(parsing text: String) throws(ConfigurationError) {
            let parts = text.split(separator: "=", omittingEmptySubsequences: false)
            let place = (parts.first ?? "").split(separator: "@", omittingEmptySubsequences: false)
            let count = place.count == 2 ? Int(place[1]) : 1
            guard parts.count == 2, let action = Action(rawValue: String(parts[1])), (1...2).contains(place.count),
                let count, count > 0, Failpoint.names.contains(String(place[0]))
            else {
                throw ConfigurationError(
                    .badValue,
                    "environment variable \(Failpoint.variable): `\(text)` names no failpoint",
                    nextStep: "give NAME=abort, NAME=stop or NAME@N=abort; the names are "
                        + Failpoint.names.joined(separator: ", ")
                )
            }
            name = String(place[0])
            self.action = action
            remaining = Mutex(count)
        }

        @usableFromInline
        func reached(_ place: String) {
            // To this thread: nothing behind the place is done before the signal has arrived.
            if isDue(place) { raise(action.signal) }
        }

        /// Whether this is the time it was armed for. Never twice: a process that goes on after a stop stays up.
        func isDue(_ place: String) -> Bool {
            guard place == name else { return false }
            return remaining.withLock { remaining in
                remaining -= 1
                return remaining == 0
            }
        }
    }
#endif
