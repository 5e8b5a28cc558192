/// The sales that a server knows, for the question which of them sells now.
public struct SaleSchedule: Sendable, Equatable {
    /// Unfinished sales in the order in which they open.
    public let sales: [Sale]

    /// A schedule of these sales; finished ones are left out.
    public init(sales: [Sale]) {
        self.sales = sales.filter { $0.finishedAt == nil }.sorted(by: SaleSchedule.opensEarlier)
    }

    /// The sale that sells at `time`; of overlapping ones the one that opened last, of two that opened together the
    /// one that was seeded by hand. Closed ones and those that are not open in Redis yet are none.
    public func current(at time: Timestamp) -> Sale? {
        sales.last { $0.terms.opensAt <= time && time < $0.terms.closesAt && $0.epoch != nil }
    }

    /// The first sale that opens later than `time`.
    public func next(after time: Timestamp) -> Sale? {
        sales.first { $0.terms.opensAt > time }
    }

    /// The sale with this number.
    public func sale(_ id: SaleID) -> Sale? {
        sales.first { $0.id == id }
    }

    private static func opensEarlier(_ left: Sale, _ right: Sale) -> Bool {
        if left.terms.opensAt != right.terms.opensAt { return left.terms.opensAt < right.terms.opensAt }
        if left.terms.hourly != right.terms.hourly { return left.terms.hourly }
        return left.id < right.id
    }
}
