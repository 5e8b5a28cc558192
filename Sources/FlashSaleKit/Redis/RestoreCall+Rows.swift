extension RestoreCall {
    /// A hold as the ledger tells of it.
    public struct RestoredHold: Sendable, Equatable {
        /// What is known of a hold's code and life.
        public enum Kind: String, Sendable {
            /// Open; its code was drawn.
            case drawn = "0"
            /// Open; an `Idempotency-Key` chose its code.
            case keyed = "1"
            /// Ended, but an `Idempotency-Key` chose its code: the same key must get the same answer again.
            case tombstone = "x"
        }

        /// Its id.
        public var holdID: HoldID
        /// The user.
        public var user: UserID
        /// The item, 1…2^63−1.
        public var itemID: Int64
        /// End of the hold.
        public var deadline: Timestamp
        /// Open or ended.
        public var kind: Kind

        /// A hold.
        public init(holdID: HoldID, user: UserID, itemID: Int64, deadline: Timestamp, kind: Kind) {
            self.holdID = holdID
            self.user = user
            self.itemID = itemID
            self.deadline = deadline
            self.kind = kind
        }

        var fields: [String] {
            [holdID.description, user.text, String(itemID), String(deadline.microseconds), kind.rawValue]
        }
    }

    /// A purchase as the ledger tells of it.
    public struct RestoredReceipt: Sendable, Equatable {
        /// Its id.
        public var holdID: HoldID
        /// Number of the unit, from 1.
        public var unit: Int
        /// The how manyth unit of this user it is, from 1.
        public var slot: Int
        /// The user.
        public var user: UserID
        /// The item, 1…2^63−1.
        public var itemID: Int64
        /// Lottery ticket, or empty.
        public var ticket: String
        /// When it was bought.
        public var purchasedAt: Timestamp
        /// End of the hold that it was made from.
        public var deadline: Timestamp

        /// A purchase.
        public init(
            holdID: HoldID,
            unit: Int,
            slot: Int,
            user: UserID,
            itemID: Int64,
            ticket: String,
            purchasedAt: Timestamp,
            deadline: Timestamp
        ) {
            self.holdID = holdID
            self.unit = unit
            self.slot = slot
            self.user = user
            self.itemID = itemID
            self.ticket = ticket
            self.purchasedAt = purchasedAt
            self.deadline = deadline
        }

        var fields: [String] {
            [
                holdID.description, String(unit), String(slot), user.text, String(itemID), ticket,
                String(purchasedAt.microseconds), String(deadline.microseconds),
            ]
        }
    }
}
