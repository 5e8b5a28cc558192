extension SaleModel {
    /// One line of the journal. Lines of the same `sequence` were written in one step.
    public enum Record: Sendable, Equatable {
        /// How a hold ends without a purchase.
        public enum End: String, Sendable {
            case expired, released
        }

        /// The sale was opened.
        case opened(sequence: Int64, at: Timestamp, stock: Int, free: Int, held: Int, sold: Int)
        /// A batch of checkouts: counts before it, a letter for each attempt.
        case attempts(
            sequence: Int64,
            at: Timestamp,
            free: Int,
            held: Int,
            sold: Int,
            letters: [UInt8],
            attempts: [Attempt]
        )
        /// A unit was held for a user; `index` is the place in the batch.
        case held(sequence: Int64, at: Timestamp, index: Int, holdID: HoldID, hold: Hold)
        /// A hold ended.
        case ended(
            End,
            sequence: Int64,
            at: Timestamp,
            index: Int,
            holdID: HoldID,
            user: UserID,
            itemID: Int64
        )
        /// A hold was bought.
        case purchased(sequence: Int64, at: Timestamp, index: Int, holdID: HoldID, receipt: Receipt)
        /// An operator changed a field.
        case control(sequence: Int64, at: Timestamp, field: String, value: String, who: String, why: String)
        /// An operator banned or pardoned a user.
        case ban(lifted: Bool, sequence: Int64, at: Timestamp, user: UserID, who: String, why: String)
    }
}
