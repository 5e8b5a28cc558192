/// Every status with which `flashctl` exits, after sysexits.h where that has a word for it.
enum ExitStatus: Int32, CaseIterable, Sendable {
    case success = 0
    case failure = 1
    /// The person at the terminal said no.
    case declined = 2
    case usage = 64
    case badInput = 65
    /// Redis, Postgres or the target of a load test cannot be reached.
    case unreachable = 69
    /// Somebody else is doing the same thing right now.
    case tryLater = 75
    case notAuthorised = 77
    case badConfiguration = 78
    case invalidLoadTest = 97
    case invariantViolated = 98
    case thresholdFailed = 99
    case interrupted = 130
    /// The reader of our output went away, as in `flashctl status | head -1`: what SIGPIPE does to other tools.
    case brokenPipe = 141
    case terminated = 143
}
