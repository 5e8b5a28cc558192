/// State of a sale in Redis.
public enum SaleState: String, Sendable {
    /// Shut while its keys are checked or rebuilt: every call is answered ``ScriptStatus/wrongEpoch``.
    case recovering
    /// Sells between its opening and its end.
    case open
    /// Over, and no hold is left.
    case finished
}

/// Everything that can be counted about a sale in Redis, at one instant.
public struct SaleSnapshot: Sendable, Equatable {
    /// Sizes of the keys as Redis counts them: each that exists holds one sentinel more than the rules count; 0 means
    /// that the key is missing.
    public struct KeyCounts: Sendable, Equatable {
        public var deadlines, users, bought, banned, holds, receipts: Int

        /// Whether each of the six keys exists.
        public var allExist: Bool {
            [deadlines, users, bought, banned, holds, receipts].allSatisfy { $0 > 0 }
        }
    }

    /// One of the two streams.
    public struct Stream: Sendable, Equatable {
        /// Entries that are in it now.
        public var entries: Int
        /// Id of the entry written last, trimmed or not; empty when the stream is missing.
        public var lastID: String
        /// Id of the oldest entry that is in it; empty when there is none.
        public var firstID: String
    }

    /// Time of Redis.
    public var at: Timestamp
    /// The fields of the sale hash, as they are.
    public var fields: [String: String]
    /// Sizes of the other keys.
    public var keys: KeyCounts
    /// The stream of changes.
    public var ledger: Stream
    /// The stream of attempts.
    public var attempts: Stream
    /// The hold that ends first, nil when nothing is held.
    public var earliestDeadline: Timestamp?

    /// Epoch under which the sale may be written.
    public var epoch: Int64 { number("epoch") }
    /// State; nil when the field is missing or unknown.
    public var state: SaleState? { fields["state"].flatMap(SaleState.init(rawValue:)) }
    /// Units for sale.
    public var stock: Int { Int(number("stock")) }
    /// Units that can be held now.
    public var free: Int { Int(number("free")) }
    /// Units that are held.
    public var held: Int { Int(number("held")) }
    /// Units that are sold.
    public var sold: Int { Int(number("sold")) }
    /// Limit per user.
    public var limit: Int { Int(number("limit")) }
    /// How long a hold lasts, in milliseconds.
    public var holdMilliseconds: Int64 { number("hold_ms") }
    /// First instant at which the sale sells.
    public var opensAt: Timestamp { Timestamp(microseconds: number("opens_us")) }
    /// First instant at which it no longer does.
    public var closesAt: Timestamp { Timestamp(microseconds: number("closes_us")) }
    /// Whether checkouts are paused.
    public var checkoutPaused: Bool { number("checkout_paused") != 0 }
    /// Whether purchases are paused.
    public var purchasePaused: Bool { number("purchase_paused") != 0 }
    /// Number of the last step on the journal.
    public var sequence: Int64 { number("seq") }
    /// The clock of the sale: the latest time that a script has used.
    public var clock: Timestamp { Timestamp(microseconds: number("now_us")) }
    /// Up to where the ledger was trimmed.
    public var trimmedToLedger: String { fields["trimmed_to_ledger"] ?? "0-0" }
    /// Up to where the attempts were trimmed.
    public var trimmedToAttempts: String { fields["trimmed_to_attempts"] ?? "0-0" }
    /// Id of the installation.
    public var installation: String { fields["installation"] ?? "" }
    /// Users that hold or have bought a unit.
    public var activeUsers: Int { max(0, keys.users - 1) }
    /// Users that are banned.
    public var bannedUsers: Int { max(0, keys.banned - 1) }

    /// Whether every unit is accounted for and the counters agree with the keys.
    public var isConsistent: Bool {
        keys.allExist && free >= 0 && held >= 0 && sold >= 0 && free + held + sold == stock
            && keys.deadlines - 1 == held && keys.receipts - 1 == sold && keys.holds - 1 >= held
    }

    private func number(_ field: String) -> Int64 { fields[field].flatMap { Int64($0) } ?? 0 }
}
