/// The call that ends the life of a finished sale in Redis. Only `remove` and `discard` take anything away, and neither
/// can be undone: the script compares epoch and lineage, and what Postgres has, in the same turn.
public enum RemoveCall {
    /// What is to be done.
    public enum Step: String, Sendable, CaseIterable {
        /// Only tells whether the conditions of `remove` hold.
        case check
        /// Notes the Postgres that has the end of the sale.
        case book
        /// Removes all keys but the hash, which stays for a while with state, step and totals.
        case remove
        /// Removes the keys of a sale whose opening was cut short: nothing was ever decided with them.
        case discard
    }

    /// What Postgres has of the sale at the time of the call, read in the same turn.
    public struct Booked: Sendable, Equatable {
        /// The epoch of its cursors.
        public var epoch: Int64
        /// The lineage of Postgres, as ``Lineage/description`` writes it.
        public var lineage: String
        /// The last entry of the ledger in Postgres.
        public var ledger: StreamID
        /// The last entry of the attempts in Postgres.
        public var attempts: StreamID

        /// What Postgres has.
        public init(epoch: Int64, lineage: String, ledger: StreamID, attempts: StreamID) {
            self.epoch = epoch
            self.lineage = lineage
            self.ledger = ledger
            self.attempts = attempts
        }
    }

    /// What the script says.
    public typealias Reply = ScriptAnswer<RestoreCall.Outcome>

    /// A call. Repeating a step that was done changes nothing.
    ///
    /// - Parameter hashSeconds: how long the hash stays after `remove`, at least 1.
    public static func command(
        _ step: Step,
        keys: SaleKeys,
        _ booked: Booked,
        hashSeconds: Int64 = 30 * 86_400
    ) -> RedisCommand {
        SaleScript.remove.command(
            keys: keys,
            arguments: [
                String(booked.epoch), "", step.rawValue, booked.lineage, booked.ledger.description,
                booked.attempts.description, String(max(1, hashSeconds)),
            ]
        )
    }

    /// Reads the reply.
    public static func parse(_ reply: RedisReply) throws(RedisError) -> Reply {
        try ScriptReply(reply, of: .remove).answer { reply throws(RedisError) in
            let text = try reply.text(2)
            return text == "done" ? .done : .refused(text)
        }
    }
}
