import NIOCore

/// Encodes the checkout batches of one sale in one epoch. The part that is the same in all of them is computed once.
public struct CheckoutEncoder: Sendable {
    private static let argumentCount = 6
    private let prefix: ByteBuffer

    /// An encoder to be kept for as long as the epoch lasts.
    public init(keys: SaleKeys, epoch: Int64) {
        var buffer = ByteBuffer()
        SaleScript.checkout.writePrefix(keys: keys, argumentCount: CheckoutEncoder.argumentCount, into: &buffer)
        buffer.writeRedisBulk(epoch)
        prefix = buffer
    }

    /// Appends one call.
    ///
    /// - Parameters:
    ///   - confirmed: time that Postgres confirmed after a ``ScriptStatus/clockJumped``, otherwise nil.
    ///   - count: number of attempts in `payload`, at least 1.
    ///   - payload: the attempts, see ``CheckoutCall/appendAttempt(user:itemID:to:)``.
    ///   - holdIDs: 32 hexadecimal digits for each attempt, or empty when a sold-out sale is asked.
    ///   - keyed: `1` or `0` for each attempt: whether an `Idempotency-Key` chose its code; `r` if it did and the
    ///     attempt may only get the hold that it has already; or empty for all `0`.
    ///   - output: where the command is appended.
    public func encode(
        confirmed: Timestamp?,
        count: Int,
        payload: ByteBuffer,
        holdIDs: ByteBuffer,
        keyed: ByteBuffer,
        into output: inout ByteBuffer
    ) {
        assert(count > 0)
        assert(holdIDs.readableBytes == 0 || holdIDs.readableBytes == count * HoldID.hexLength)
        assert(keyed.readableBytes == 0 || keyed.readableBytes == count)
        let framing = 128
        output.reserveCapacity(
            minimumWritableBytes: prefix.readableBytes + payload.readableBytes + holdIDs.readableBytes
                + keyed.readableBytes + framing
        )
        output.writeImmutableBuffer(prefix)
        output.writeRedisBulk(confirmed)
        output.writeRedisBulk(Int64(count))
        output.writeRedisBulk(payload)
        output.writeRedisBulk(holdIDs)
        output.writeRedisBulk(keyed)
    }
}
