/// Where a record stands in the total order of its sale.
public struct RecordPosition: Hashable, Comparable, Sendable {
    /// Epoch under which it was decided.
    public var epoch: Int64
    /// Number of the deciding call, growing over all epochs.
    public var seq: Int64
    /// Row within the call, from 0.
    public var index: Int64

    /// A place.
    public init(epoch: Int64, seq: Int64, index: Int64) {
        self.epoch = epoch
        self.seq = seq
        self.index = index
    }

    /// Earlier is less.
    public static func < (left: RecordPosition, right: RecordPosition) -> Bool {
        if left.epoch != right.epoch { return left.epoch < right.epoch }
        if left.seq != right.seq { return left.seq < right.seq }
        return left.index < right.index
    }

    /// Whether both belong to the same call.
    func isSameStep(as other: RecordPosition) -> Bool { seq == other.seq && epoch == other.epoch }
}
