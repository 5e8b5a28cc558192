/// The call that shuts out everybody who still works with an older epoch and puts the sale into `recovering`.
public enum FenceCall {
    /// What the script says.
    public enum Reply: Sendable, Equatable {
        /// The sale is `recovering` at the new epoch.
        case fenced(Fenced, now: Timestamp)
        /// The epoch in Redis is the same or higher; nothing was written.
        case refused(currentEpoch: Int64, now: Timestamp)
        /// The sale has another lineage than the expected one; nothing was written.
        case otherLineage(String, now: Timestamp)
    }

    /// What the sale was before.
    public struct Fenced: Sendable, Equatable {
        /// Its epoch, nil when there was no sale key.
        public var previousEpoch: Int64?
        /// Its state, nil when there was no sale key.
        public var previousState: SaleState?
        /// The epoch in the sentinels if the keys were complete when they were last opened, to be given to
        /// ``RestoreCall/adopt(keys:epoch:keysEpoch:)``. It differs from `previousEpoch` when an earlier recovery was
        /// killed after its fence. Nil when there is nothing to adopt.
        public var keysEpoch: Int64?
    }

    /// A call with the new epoch.
    ///
    /// - Parameters:
    ///   - lineage: the lineage of the Postgres that takes over, as ``Lineage/description``.
    ///   - expected: what the field `lineage` of the sale must be now, empty for none.
    public static func command(
        keys: SaleKeys,
        epoch: Int64,
        lineage: String,
        expected: String
    ) -> RedisCommand {
        SaleScript.fence.command(keys: keys, arguments: [String(epoch), "", lineage, expected])
    }

    /// Reads the reply.
    public static func parse(_ reply: RedisReply) throws(RedisError) -> Reply {
        let reply = try ScriptReply(reply, of: .fence)
        if reply.status == .otherLineage { return .otherLineage(try reply.text(2), now: reply.now) }
        guard reply.status == .decided else {
            return .refused(currentEpoch: try reply.integer(2), now: reply.now)
        }
        let fenced = Fenced(
            previousEpoch: Int64(try reply.text(2)),
            previousState: SaleState(rawValue: try reply.text(3)),
            keysEpoch: Int64(try reply.text(4))
        )
        return .fenced(fenced, now: reply.now)
    }
}
