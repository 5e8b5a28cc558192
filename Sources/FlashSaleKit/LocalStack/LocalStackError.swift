/// Why a private Redis and Postgres could not be started, used or stopped.
public struct LocalStackError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: Sendable, Equatable {
        /// redis-server or postgres is not installed.
        case missingBinary
        /// A folder or file cannot be created, read or written.
        case folder
        /// Another process starts or stops the same stack and did not finish in time.
        case locked
        /// A server ended, or was not ready in time.
        case startFailed
        /// A server did not end in time.
        case stopFailed
        /// The stack was already released or destroyed.
        case released
    }

    /// The kind of failure.
    public let code: Code
    /// What failed, where and why, in one or two sentences.
    public let message: String
    /// What the reader can do about it, when that is known.
    public let nextStep: String?
    /// The error of a lower layer.
    public let underlying: (any Error)?
    /// Source file that raised the error.
    public let file: String
    /// Source line that raised the error.
    public let line: Int

    init(
        _ code: Code,
        _ message: String,
        nextStep: String? = nil,
        underlying: (any Error)? = nil,
        file: String = #fileID,
        line: Int = #line
    ) {
        self.code = code
        self.message = message
        self.nextStep = nextStep
        self.underlying = underlying
        self.file = file
        self.line = line
    }

    /// The message, followed by the next step.
    public var description: String {
        guard let nextStep else { return message }
        return "\(message) Next step: \(nextStep)"
    }
}
