/// Something that a buyer of a past sale did, or that became of the buyer's hold.
public struct TrafficEvent: Sendable, Equatable {
    /// What it was.
    public enum Kind: Sendable, Equatable {
        /// A checkout, with what was decided, and the hold that it got.
        case checkout(itemID: Int64, outcome: Outcome, holdID: HoldID?)
        /// A hold was bought.
        case purchase(HoldID)
        /// A hold was released or expired: either way its unit and its user's quota were free again.
        case giveBack(HoldID)
    }

    /// What it was.
    public var kind: Kind
    /// Whose.
    public var user: UserID
    /// When Redis decided it.
    public var at: Timestamp
    /// Where it stands in the total order of the sale.
    public var place: RecordPosition

    /// An event.
    public init(kind: Kind, user: UserID, at: Timestamp, place: RecordPosition) {
        self.kind = kind
        self.user = user
        self.at = at
        self.place = place
    }
}

extension TrafficEvent {
    /// Nil for what no buyer did.
    init?(_ entry: SaleRecordReader.Entry) {
        switch entry {
        case .attempt(let attempt, let hold):
            guard let outcome = attempt.outcome else { return nil }
            self.init(
                kind: .checkout(itemID: attempt.item, outcome: outcome, holdID: hold?.holdID),
                user: attempt.user,
                at: attempt.at,
                place: attempt.place
            )
        case .ledger(let row):
            guard let id = row.holdID else { return nil }
            switch row.kind {
            case .purchased: self.init(kind: .purchase(id), user: row.user, at: row.at, place: row.place)
            case .expired, .released: self.init(kind: .giveBack(id), user: row.user, at: row.at, place: row.place)
            default: return nil
            }
        }
    }
}
