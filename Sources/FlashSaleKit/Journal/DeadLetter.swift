/// A row of the journal that Postgres cannot or will not take, kept as bytes until somebody has repaired it.
struct DeadLetter: Sendable, Equatable {
    /// The entry it came from.
    let entryID: StreamID
    /// Index in its batch; −1 stands for the whole entry.
    let index: Int32
    /// Kind of the row, e.g. `attempt`, `held`, `purchased`; `entry` for a whole one.
    let kind: String
    /// The line as it was in the journal; a whole entry is written in RESP.
    let payload: [UInt8]
    /// SQLSTATE of the refusal; decoding uses the one that Postgres would have answered.
    let sqlState: String
    /// Why it was refused, without values.
    let reason: String
    /// The call that decided it; nil when its entry does not say.
    var step: Step?

    /// What a line does not say by itself.
    struct Step: Sendable, Equatable {
        let epoch: Int64
        let seq: Int64
        let at: Timestamp

        /// Nil for numbers that no script writes, and a time that Postgres could not hold.
        init?(epoch: Int64, seq: Int64, at: Timestamp) {
            guard epoch > 0, seq > 0, (1..<JournalDrain.Portion.endOfTime).contains(at.microseconds) else { return nil }
            self.epoch = epoch
            self.seq = seq
            self.at = at
        }
    }
}

/// Faults that the decoder finds itself, with the SQLSTATE that Postgres has for them.
enum RowFault: Sendable, Equatable {
    case itemOutOfRange
    case invalidText
    case wrongShape
    case unknownOutcome
    case malformedEntry

    var sqlState: String {
        switch self {
        case .itemOutOfRange: "22003"
        case .invalidText: "22021"
        case .wrongShape, .unknownOutcome, .malformedEntry: "22P04"
        }
    }

    var reason: String {
        switch self {
        case .itemOutOfRange: "the item id is no integer of 1 to 2^63-1"
        case .invalidText: "the text is empty, has a NUL byte or is no UTF-8"
        case .wrongShape: "the line does not have the fields of its kind"
        case .unknownOutcome: "the outcome letter is unknown"
        case .malformedEntry: "fields are missing or do not fit together"
        }
    }

    /// Whether an error of Postgres means one row and not the connection, the schema or the server.
    ///
    /// Class 22 is data that no column takes, 23505 a row that exists already, 23514 a ceiling of `purchases`.
    static func isRowFault(sqlState: String, constraint: String?) -> Bool {
        if sqlState.hasPrefix("22") || sqlState == "23505" { return true }
        return sqlState == "23514" && constraint?.hasPrefix("purchases_") == true
    }
}
