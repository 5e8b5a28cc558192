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

    /// What it means, for help and manual.
    var explanation: String {
        switch self {
        case .success: "done; everything that was checked holds"
        case .failure: "it could not be done, or what was looked for is not there"
        case .declined: "the question whether to go on was not answered with the number of the sale"
        case .usage: "the arguments are wrong; nothing was done"
        case .badInput: "what was given to read or to confirm cannot be used"
        case .unreachable: "Redis, Postgres or the target of a load test cannot be reached"
        case .tryLater: "somebody else is doing it right now, or something has moved: try again later"
        case .notAuthorised: "Redis or Postgres refused the user or the password"
        case .badConfiguration: "a setting, a file or the schema of the database cannot be used"
        case .invalidLoadTest: "the load test measured itself, not the server"
        case .invariantViolated: "a promise is broken; the message names the sale, user, hold or row"
        case .thresholdFailed: "a threshold that was asked for was not met"
        case .interrupted: "ended by Ctrl-C (SIGINT)"
        case .brokenPipe: "the reader of the output went away, as in `flashctl status | head -1`"
        case .terminated: "ended by SIGTERM"
        }
    }
}
