/// Why a stream could not be drained.
public struct JournalError: Error, Sendable, CustomStringConvertible {
    /// What went wrong.
    public enum Code: Sendable, Equatable {
        /// The cursor belongs to another epoch: this process must validate its Redis connections again.
        case fenced
        /// Entries between the cursor and the first one left in Redis are gone.
        case trimmedPastCursor
        /// The sale, or the next entry of its journal, is of a format that only a newer program knows. It drains them.
        case newerFormat
        /// The sale has no cursor in Postgres.
        case cursorMissing
        /// Redis answered with something that is no stream.
        case unexpectedReply
        /// Postgres refused rows in COPY. The connection is gone; drain again with this drain and a new one.
        case rowsRefused
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

    /// The error for what only a newer program may drain.
    init(newerFormat format: String, of what: String, file: String = #fileID, line: Int = #line) {
        self.init(
            .newerFormat,
            StoreFormat.refusal(of: what, format: format),
            nextStep: StoreFormat.nextStep,
            file: file,
            line: line
        )
    }

    /// Whether the stream of one sale cannot be drained by this program, and those of the others can.
    public var stopsOneStream: Bool {
        switch code {
        case .trimmedPastCursor, .cursorMissing, .newerFormat: true
        case .fenced, .unexpectedReply, .rowsRefused: false
        }
    }

    /// The message, the error below it and the next step.
    public var description: String {
        var text = message
        if let underlying { text += ": \(underlying)" }
        if let nextStep { text += "; \(nextStep)" }
        return text
    }
}
