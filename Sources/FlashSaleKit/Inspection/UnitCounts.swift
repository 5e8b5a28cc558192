/// Where the units of a sale were at one step: free, held and sold make up the stock.
public struct UnitCounts: Sendable, Equatable {
    /// Units that could be held.
    public var free: Int64
    /// Units that were held.
    public var held: Int64
    /// Units that were sold.
    public var sold: Int64

    /// These units.
    public init(free: Int64, held: Int64, sold: Int64) {
        self.free = free
        self.held = held
        self.sold = sold
    }

    /// What an entry of the attempts says was so in front of it; nil when it does not say.
    init?(of entry: StreamEntry) {
        guard let free = entry.number("f"), let held = entry.number("h"), let sold = entry.number("s") else {
            return nil
        }
        self.init(free: free, held: held, sold: sold)
    }

    /// The same after `count` more holds have begun.
    func holding(_ count: Int64) -> UnitCounts { UnitCounts(free: free - count, held: held + count, sold: sold) }
}
