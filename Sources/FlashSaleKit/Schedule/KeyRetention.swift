/// How long Redis keeps a sale that is finished: a Postgres that comes back without its end is filled from there.
public struct KeyRetention: Sendable, Equatable {
    /// At least this long, for standbys that cannot be seen, and for servers whose schedule is older than the end.
    public var least: Duration = .seconds(600)
    /// At most this long while a standby lacks the end.
    public var most: Duration = .seconds(86_400)
    /// How long the hash stays after the other keys, with state, step and totals.
    public var hash: Duration = .seconds(30 * 86_400)

    /// The times of production.
    public init() {}
}
