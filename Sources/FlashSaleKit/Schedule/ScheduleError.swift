/// Why the schedule could not be changed.
public struct ScheduleError: Error, Sendable, CustomStringConvertible {
    /// What went wrong.
    public enum Code: Sendable, Equatable {
        /// The terms cannot be sold.
        case invalidTerms
        /// There is no such sale.
        case unknownSale
        /// Somebody else is at it.
        case locked
        /// Redis refused a step of opening or finishing a sale.
        case refused
        /// The sale is over.
        case finished
        /// The clocks of Redis and Postgres are too far apart to open or finish anything.
        case clocksDiffer
    }

    /// What went wrong.
    public let code: Code
    /// One sentence for people.
    public let message: String
    /// What to do about it, when it is known.
    public let nextStep: String?
    /// The error below this one.
    public let underlying: (any Error)?
    /// Where it was thrown.
    public let file: String
    /// Where it was thrown.
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

    /// The message, the error below it and the next step.
    public var description: String {
        var text = message
        if let underlying { text += ": \(underlying)" }
        if let nextStep { text += "; \(nextStep)" }
        return text
    }
}
