import NIOCore

/// The call by which buyers give their holds back, and by which a server settles a batch whose reply was lost.
public enum ReleaseCall {
    /// What the script says: one outcome for each hold, in their order.
    public typealias Reply = ScriptAnswer<[Outcome]>

    /// What became of a hold. The raw value is the letter of the script.
    public enum Outcome: UInt8, Sendable {
        /// Its unit is free again.
        case released = 0x44  // D
        /// It was paid already.
        case alreadyPurchased = 0x41  // A
        /// It ended before.
        case lapsed = 0x58  // X
        /// Redis does not know it.
        case unknown = 0x55  // U
    }

    /// A call with at least one hold.
    ///
    /// - Parameter batchEpoch: nil for the wish of buyers. Otherwise the holds are those of a batch of checkouts that
    ///   was sent at this epoch and never answered: those that exist are released, and at the same epoch none of the
    ///   others is made any more should the batch still run. None of their codes was chosen by an `Idempotency-Key`.
    public static func command(
        keys: SaleKeys,
        epoch: Int64,
        confirmed: Timestamp? = nil,
        holdIDs: [HoldID],
        settling batchEpoch: Int64? = nil
    ) -> RedisCommand {
        var payload = ByteBuffer()
        for holdID in holdIDs {
            CheckoutCall.append(holdID, to: &payload)
            payload.writeInteger(UInt8(ascii: "\n"))
        }
        var buffer = ByteBuffer()
        SaleScript.release.writePrefix(keys: keys, argumentCount: batchEpoch == nil ? 4 : 5, into: &buffer)
        buffer.writeRedisBulk(epoch)
        buffer.writeRedisBulk(confirmed)
        buffer.writeRedisBulk(Int64(holdIDs.count))
        buffer.writeRedisBulk(payload)
        if let batchEpoch { buffer.writeRedisBulk(batchEpoch) }
        return RedisCommand(encoded: buffer)
    }

    /// Reads the reply to a call with `count` holds.
    public static func parse(_ reply: RedisReply, count: Int) throws(RedisError) -> Reply {
        try ScriptReply(reply, of: .release).answer { reply throws(RedisError) in
            try reply.letters(2, count: count)
        }
    }
}
