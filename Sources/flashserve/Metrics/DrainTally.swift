import FlashSaleKit
import NIOCore

/// What the drain of one stream has written to Postgres since the start of this server.
struct DrainTally: Sendable, Equatable {
    /// Rows, dead letters not among them.
    private(set) var rows = 0
    /// Rows of holds that lapsed and gave their units back.
    private(set) var expired = 0
    /// Rows of holds that their buyers gave back.
    private(set) var released = 0
    /// How long its transactions took.
    private(set) var commits = DurationHistogram()

    /// Adds a turn that wrote something.
    mutating func add(_ result: DrainResult) {
        rows += result.rows
        expired += result.expired
        released += result.released
        let (seconds, attoseconds) = result.commitTime.components
        commits.record(.nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000))
    }
}
