/// The call that gives lapsed holds back. It also advances the clock of the sale: without it an idle sale would take
/// the next call for a jump of the clock.
public enum ExpireCall {
    /// What the script says.
    public typealias Reply = ScriptAnswer<Decision>

    /// Most holds that one call gives back.
    public static let maximum = 4000

    /// The result of a sweep.
    public struct Decision: Sendable, Equatable {
        /// Holds that were given back.
        public var expired: Int
        /// Whether others are due.
        public var more: Bool
    }

    /// A sweep of at most `maximum` holds.
    public static func command(
        keys: SaleKeys,
        epoch: Int64,
        confirmed: Timestamp? = nil,
        maximum: Int = 1000
    ) -> RedisCommand {
        SaleScript.expire.command(
            keys: keys,
            arguments: [String(epoch), confirmed.map { String($0.microseconds) } ?? "", String(maximum)]
        )
    }

    /// Reads the reply.
    public static func parse(_ reply: RedisReply) throws(RedisError) -> Reply {
        try ScriptReply(reply, of: .expire).answer { reply throws(RedisError) in
            Decision(expired: Int(try reply.integer(2)), more: try reply.integer(3) != 0)
        }
    }
}
