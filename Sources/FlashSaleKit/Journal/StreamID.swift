/// Id of an entry of a Redis stream: `milliseconds-sequence`. Ids of one stream only grow.
public struct StreamID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Milliseconds since 1970-01-01T00:00:00Z by the clock of Redis.
    public let milliseconds: UInt64
    /// Number among the entries of that millisecond.
    public let sequence: UInt64

    /// An id of these parts.
    public init(milliseconds: UInt64, sequence: UInt64) {
        self.milliseconds = milliseconds
        self.sequence = sequence
    }

    /// Lower than every entry: nothing has been read yet.
    public static let zero = StreamID(milliseconds: 0, sequence: 0)

    /// Nil unless the text is two decimal numbers of 64 bits with a dash between them.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let milliseconds = UInt64(parts[0]), let sequence = UInt64(parts[1]) else { return nil }
        self.init(milliseconds: milliseconds, sequence: sequence)
    }

    /// As Redis writes it.
    public var description: String { "\(milliseconds)-\(sequence)" }

    /// Order of the stream.
    public static func < (left: StreamID, right: StreamID) -> Bool {
        (left.milliseconds, left.sequence) < (right.milliseconds, right.sequence)
    }
}
