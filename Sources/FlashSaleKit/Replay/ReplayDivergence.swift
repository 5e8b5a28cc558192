/// The first record that the rules do not give.
public struct ReplayDivergence: Sendable, Equatable {
    /// Where the record is, or should be.
    public enum Table: String, Sendable {
        case attempts, ledger, purchases
        /// Either of the first two: a step without any record says no more.
        case records
    }

    /// The sale.
    public var sale: SaleID
    /// The table.
    public var table: Table
    /// The place in the total order; nil when a table as a whole, or a row without a place, is meant.
    public var place: RecordPosition?
    /// Whom it is about.
    public var user: UserID?
    /// Which hold it is about.
    public var holdID: HoldID?
    /// What is recorded.
    public var recorded: String
    /// What the rules give.
    public var expected: String
    /// Why the rules give that, as a part of a sentence.
    public var why: String
    /// Units at that step.
    public var free: Int
    /// Units at that step.
    public var held: Int
    /// Units at that step.
    public var sold: Int
    /// Units that the user held and had bought at that step; nil without a user.
    public var unitsOfUser: Int?

    /// One sentence.
    public var sentence: String {
        var text = table.rawValue
        if let place { text += " at epoch \(place.epoch), step \(place.seq), row \(place.index)" }
        if let user { text += ", user '\(user)'" }
        if let holdID { text += ", hold \(holdID)" }
        text += ": recorded is \(recorded), the rules give \(expected), because \(why)"
        text += " (free \(free), held \(held), sold \(sold)"
        if let unitsOfUser { text += ", the user has \(unitsOfUser)" }
        return text + ")"
    }
}
