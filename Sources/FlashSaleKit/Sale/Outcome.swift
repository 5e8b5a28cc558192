/// The decision on one checkout, as written in the journal. The raw value is the letter of the scripts.
public enum Outcome: UInt8, Sendable, CaseIterable {
    /// A unit is held for the user.
    case held = 0x48  // H
    /// No unit was free.
    case soldOut = 0x53  // S
    /// The user holds or has bought as many units as one may.
    case userLimit = 0x4C  // L
    /// The user is banned from this sale.
    case banned = 0x42  // B

    /// Name in the API, in tables and in JSON.
    public var name: String {
        switch self {
        case .held: "held"
        case .soldOut: "sold_out"
        case .userLimit: "user_limit"
        case .banned: "banned"
        }
    }

    /// Letter of an attempt that repeated a hold id: it is answered with the hold and leaves no record of its own.
    public static let repeatedLetter: UInt8 = 0x68  // h

    /// Letter of an attempt that may only repeat a hold and has none: it was not decided, and leaves no record.
    public static let notDecidedLetter: UInt8 = 0x4F  // O
}

/// First element of every script reply.
public enum ScriptStatus: UInt8, Sendable {
    /// The call was decided.
    case decided = 0x4F  // O
    /// The epoch is another one, or a key is missing or damaged: recovery is needed.
    case wrongEpoch = 0x45  // E
    /// The sale was taken over under another lineage of Postgres than that of the caller.
    case otherLineage = 0x49  // I
    /// Redis time ran more than ten seconds ahead of the sale: confirm it first.
    case clockJumped = 0x54  // T
    /// The sale is not open yet.
    case notOpen = 0x4E  // N
    /// The sale is over.
    case closed = 0x43  // C
    /// Checkouts, or purchases, are paused.
    case paused = 0x50  // P
    /// Stock came back: send the batch again with hold ids. Nothing was written.
    case resendWithHoldIDs = 0x52  // R
    /// The sale is of a format that only a newer program knows: it is left alone. Read as a ``RedisError`` with
    /// ``RedisError/Code/newerFormat(_:)``.
    case newerFormat = 0x56  // V
}
