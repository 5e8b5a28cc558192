import NIOCore

/// The call that decides a batch of checkouts.
public enum CheckoutCall {
    /// What the script says.
    public typealias Reply = ScriptAnswer<Decision>

    /// The decisions on a batch.
    public struct Decision: Sendable, Equatable {
        /// One letter for each attempt (``Outcome``, ``Outcome/repeatedLetter`` or ``Outcome/notDecidedLetter``), or a
        /// single one that all share.
        public var letters: [UInt8]
        /// End of the holds that this call made.
        public var deadline: Timestamp
        /// Attempts whose hold id exists already, in ascending order.
        public var repeats: [Repeat]

        /// The letter of attempt `index`, counted from 0.
        public func letter(at index: Int) -> UInt8 {
            letters.count == 1 ? letters[0] : letters[index]
        }
    }

    /// An attempt that asked again for a hold that exists, existed or was bought.
    public struct Repeat: Sendable, Equatable {
        /// Place in the batch, counted from 0.
        public var index: Int
        /// Item of the first attempt.
        public var itemID: Int64
        /// End of the hold that the first attempt got.
        public var deadline: Timestamp
    }

    /// Appends an attempt to a payload: the user, a tab, the item, a newline.
    ///
    /// - Parameters:
    ///   - user: a valid ``UserID``.
    ///   - itemID: 1…2^63−1.
    ///   - payload: the attempts so far.
    public static func appendAttempt(user: some Sequence<UInt8>, itemID: Int64, to payload: inout ByteBuffer) {
        assert(itemID > 0)
        payload.writeBytes(user)
        payload.writeInteger(UInt8(ascii: "\t"))
        payload.writeDecimal(itemID)
        payload.writeInteger(UInt8(ascii: "\n"))
    }

    /// Appends the 32 digits of a hold id.
    public static func append(_ holdID: HoldID, to holdIDs: inout ByteBuffer) {
        holdIDs.writeWithUnsafeMutableBytes(minimumWritableBytes: HoldID.hexLength) { target in
            var position = 0
            holdID.appendHex { digit in
                target[position] = digit
                position += 1
            }
            return position
        }
    }

    /// A single call; callers that make many keep a ``CheckoutEncoder``.
    public static func command(
        keys: SaleKeys,
        epoch: Int64,
        confirmed: Timestamp? = nil,
        count: Int,
        payload: ByteBuffer,
        holdIDs: ByteBuffer,
        keyed: ByteBuffer = ByteBuffer()
    ) -> RedisCommand {
        var buffer = ByteBuffer()
        CheckoutEncoder(keys: keys, epoch: epoch).encode(
            confirmed: confirmed,
            count: count,
            payload: payload,
            holdIDs: holdIDs,
            keyed: keyed,
            into: &buffer
        )
        return RedisCommand(encoded: buffer)
    }

    /// Reads the reply to a batch of `count` attempts.
    public static func parse(_ reply: RedisReply, count: Int) throws(RedisError) -> Reply {
        try ScriptReply(reply, of: .checkout).answer { reply throws(RedisError) in
            let letters = try reply.bytes(2)
            guard letters.count == 1 || letters.count == count else { throw reply.missing(2) }
            return Decision(
                letters: letters,
                deadline: Timestamp(microseconds: try reply.integer(3)),
                repeats: try repeats(reply, position: 4, count: count)
            )
        }
    }

    private static func repeats(
        _ reply: ScriptReply,
        position: Int,
        count: Int
    ) throws(RedisError) -> [Repeat] {
        let elements = try reply.elements(position)
        if elements.isEmpty { return [] }
        var repeats: [Repeat] = []
        for start in stride(from: 0, to: elements.count - 2, by: 3) {
            guard let place = elements[start].integerValue, let itemID = elements[start + 1].integerValue,
                let deadline = elements[start + 2].integerValue, (1...Int64(count)).contains(place)
            else { throw reply.missing(position) }
            let end = Timestamp(microseconds: deadline)
            repeats.append(Repeat(index: Int(place) - 1, itemID: itemID, deadline: end))
        }
        return repeats
    }
}
