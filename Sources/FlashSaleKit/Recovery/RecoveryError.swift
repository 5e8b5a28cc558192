/// Why a Redis server may not be used now.
public struct RecoveryError: Error, Sendable, CustomStringConvertible {
    /// What went wrong.
    public enum Code: Sendable, Equatable {
        /// The Redis belongs to another installation.
        case installationMismatch
        /// A newer program has changed what the stores keep.
        case newerFormat
        /// Redis is not set up so that it can be trusted.
        case unsafeConfiguration
        /// Redis lacks data that Postgres has: these sales must be rebuilt from the ledger.
        case rebuildNeeded([SaleID])
        /// Another process recovers; try again.
        case locked
        /// Another process has recovered since: start again.
        case superseded
        /// The sales were taken over under a lineage that this Postgres does not know: it was replaced.
        case otherPostgres
        /// Postgres took the lock from this process, which stood still: start again.
        case lockLost
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
