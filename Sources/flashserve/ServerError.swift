/// Why the server could not do something.
public struct ServerError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public enum Code: Sendable {
        case redisRefused
        case postgresRefused
        case cannotListen
        case schemaNotReady
        case drainUnfinished
        case cannotTrace
    }

    /// The kind.
    public let code: Code
    /// What failed, where and why.
    public let message: String
    /// What to do next, when that is known.
    public let nextStep: String?
    /// Where it was noticed.
    public let file: String
    /// Where it was noticed.
    public let line: Int

    init(_ code: Code, _ message: String, nextStep: String? = nil, file: String = #fileID, line: Int = #line) {
        self.code = code
        self.message = message
        self.nextStep = nextStep
        self.file = file
        self.line = line
    }

    /// The message, and the next step.
    public var description: String { nextStep.map { "\(message); \($0)" } ?? message }
}
