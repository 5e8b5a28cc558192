/// A configuration that cannot be used.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of the problem.
    public enum Code: Sendable, Equatable {
        /// No setting has this name.
        case unknownKey
        /// The value is out of range or not of its kind.
        case badValue
        /// The file cannot be read.
        case unreadable
        /// The file is neither YAML nor JSON.
        case syntax
        /// A setting without a default is not set.
        case missing
    }

    /// The kind of the problem.
    public var code: Code
    /// What is wrong, and where. Never holds a password.
    public var message: String
    /// What to do about it.
    public var nextStep: String

    /// A problem and the way out of it.
    public init(_ code: Code, _ message: String, nextStep: String) {
        self.code = code
        self.message = message
        self.nextStep = nextStep
    }

    /// Problem and way out in one line.
    public var description: String { "\(message); \(nextStep)" }
}
