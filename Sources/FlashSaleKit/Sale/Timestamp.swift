/// A point in time in microseconds since 1970-01-01T00:00:00Z. Within a sale it always comes from Redis `TIME`.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z.
    public var microseconds: Int64

    /// - Parameter microseconds: microseconds since 1970-01-01T00:00:00Z.
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// - Parameter seconds: whole seconds since 1970-01-01T00:00:00Z.
    public init(seconds: Int64) {
        self.microseconds = seconds * 1_000_000
    }

    /// Earlier is less.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }

    /// The time `milliseconds` later.
    public func adding(milliseconds: Int64) -> Timestamp {
        Timestamp(microseconds: microseconds + milliseconds * 1000)
    }

    /// Start of the UTC hour that holds this time.
    public var startOfHour: Timestamp {
        let hour: Int64 = 3_600_000_000
        let rest = microseconds % hour
        return Timestamp(microseconds: microseconds - (rest < 0 ? rest + hour : rest))
    }
}
