import Collections

/// Finds out whether a hold has lapsed, without looking at all of them.
struct LapseWatch {
    private struct Entry: Comparable {
        var deadline: Timestamp
        var id: HoldID

        static func < (left: Entry, right: Entry) -> Bool { left.deadline < right.deadline }
    }

    private var entries = Heap<Entry>()

    mutating func add(_ id: HoldID, _ deadline: Timestamp, in model: SaleModel) {
        // Holds that have ended stay until they come up; when most of them have, it is made anew.
        if entries.count > 2 * model.held + 1024 { rebuild(from: model) }
        entries.insert(Entry(deadline: deadline, id: id))
    }

    /// Takes over deadlines that have changed.
    mutating func rebuild(from model: SaleModel) {
        entries = Heap(model.openHolds.map { Entry(deadline: $0.value.deadline, id: $0.key) })
    }

    /// An open hold that has lapsed at this time.
    mutating func lapsed(at time: Timestamp, in model: SaleModel) -> HoldID? {
        while let first = entries.min, first.deadline <= time {
            if model.openHolds[first.id]?.deadline == first.deadline { return first.id }
            entries.removeMin()
        }
        return nil
    }
}
