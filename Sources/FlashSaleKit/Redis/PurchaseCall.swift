import NIOCore

/// The call that turns a batch of holds into purchases.
public enum PurchaseCall {
    /// What the script says: one outcome for each claim, in their order.
    public typealias Reply = ScriptAnswer<[Outcome]>

    /// A hold whose buyer wants to pay.
    public struct Claim: Sendable, Equatable {
        /// The hold.
        public var holdID: HoldID
        /// Lottery ticket drawn for this claim, or empty. Only the first claim of a hold keeps its ticket. No tabs or
        /// newlines.
        public var ticket: String

        /// A claim.
        public init(holdID: HoldID, ticket: String = "") {
            self.holdID = holdID
            self.ticket = ticket
        }
    }

    /// What became of a claim. The raw value is the letter of the script.
    public enum Outcome: UInt8, Sendable {
        /// A unit was sold by this call.
        case purchased = 0x50  // P
        /// An earlier call sold it.
        case alreadyPurchased = 0x41  // A
        /// The hold ended before.
        case lapsed = 0x58  // X
        /// Redis does not know this hold.
        case unknown = 0x55  // U
    }

    /// A call with at least one claim.
    public static func command(
        keys: SaleKeys,
        epoch: Int64,
        confirmed: Timestamp? = nil,
        claims: [Claim]
    ) -> RedisCommand {
        var payload = ByteBuffer()
        for claim in claims {
            assert(!claim.ticket.utf8.contains { $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\n") })
            CheckoutCall.append(claim.holdID, to: &payload)
            payload.writeInteger(UInt8(ascii: "\t"))
            payload.writeString(claim.ticket)
            payload.writeInteger(UInt8(ascii: "\n"))
        }
        var buffer = ByteBuffer()
        SaleScript.purchase.writePrefix(keys: keys, argumentCount: 4, into: &buffer)
        buffer.writeRedisBulk(epoch)
        buffer.writeRedisBulk(confirmed)
        buffer.writeRedisBulk(Int64(claims.count))
        buffer.writeRedisBulk(payload)
        return RedisCommand(encoded: buffer)
    }

    /// Reads the reply to a call with `count` claims.
    public static func parse(_ reply: RedisReply, count: Int) throws(RedisError) -> Reply {
        try ScriptReply(reply, of: .purchase).answer { reply throws(RedisError) in
            try reply.letters(2, count: count)
        }
    }
}
