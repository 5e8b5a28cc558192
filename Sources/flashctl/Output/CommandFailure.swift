import Glibc

/// Why a command ends without having done what it was asked for.
struct CommandFailure: Error, Equatable, Sendable {
    var status: ExitStatus
    /// One sentence: what failed, where, why.
    var message: String
    /// What to do about it, when that is known.
    var nextStep: String?

    init(_ status: ExitStatus, _ message: String, nextStep: String? = nil) {
        self.status = status
        self.message = message
        self.nextStep = nextStep
    }

    /// Of a file, just after the call that failed: the reason is that of the C library.
    static func cannotWrite(_ path: String) -> CommandFailure {
        CommandFailure(.failure, "cannot write \(path): \(String(cString: strerror(errno)))")
    }
}

/// Ends a command with this status after it has said everything itself.
struct SilentExit: Error, Equatable, Sendable {
    var status: ExitStatus

    init(_ status: ExitStatus) {
        self.status = status
    }
}
