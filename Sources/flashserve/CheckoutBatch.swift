import FlashSaleKit
import NIOCore

/// The checkouts that one script call decides together, in the order in which they arrived.
///
/// Reused: after a decision the object collects again, so that a running server allocates no batches.
final class CheckoutBatch {
    /// One checkout.
    struct Attempt {
        let responder: Responder
        let itemID: Int64
        /// User and Idempotency-Key, when the buyer sent one: together with the sale they determine the code.
        let keyed: (user: [UInt8], key: [UInt8])?
        /// Whether it may only be answered with a hold that it has already.
        let onlyRepeats: Bool
    }

    private(set) var attempts: [Attempt] = []
    /// `user TAB item LF` for each attempt, as the script and the journal take it.
    private(set) var payload = ByteBuffer()
    private(set) var hasKeys = false
    /// Codes of the attempts, empty while the batch travels without hold ids.
    private(set) var codes: [HoldCode] = []
    /// Set when the batch was sent on to the sale that has opened meanwhile; it moves once.
    var hasMoved = false
    /// When its first attempt came.
    var since = NIODeadline.now()
    /// Set when later attempts go into another batch.
    var isClosed = false

    var count: Int { attempts.count }

    func add(user: [UInt8], itemID: Int64, key: [UInt8]?, onlyRepeats: Bool, responder: Responder) {
        CheckoutCall.appendAttempt(user: user, itemID: itemID, to: &payload)
        let keyed = key.map { (user, $0) }
        attempts.append(Attempt(responder: responder, itemID: itemID, keyed: keyed, onlyRepeats: onlyRepeats))
        if key != nil { hasKeys = true }
    }

    /// Draws a code for each attempt and writes the hold ids, 32 digits each.
    func drawCodes(for sale: SaleID, generator: inout CodeGenerator, secret: [UInt8], holdIDs: inout ByteBuffer) {
        codes.removeAll(keepingCapacity: true)
        for attempt in attempts {
            let code: HoldCode
            if let keyed = attempt.keyed {
                code = HoldCode(saleID: sale, userID: keyed.user, idempotencyKey: keyed.key, secret: secret)
            } else {
                code = generator.next(for: sale)
            }
            codes.append(code)
            CheckoutCall.append(code.holdID, to: &holdIDs)
        }
    }

    /// One byte for each attempt, `1` where a key chose the code, `r` where nothing but a repeat is wanted; empty when
    /// no attempt has one.
    func writeKeyFlags(to buffer: inout ByteBuffer) {
        guard hasKeys else { return }
        for attempt in attempts {
            buffer.writeInteger(UInt8(ascii: attempt.keyed == nil ? "0" : attempt.onlyRepeats ? "r" : "1"))
        }
    }

    /// The holds that it may have made and of which nobody can have the code again.
    var unkeyedHoldIDs: [HoldID] {
        zip(codes, attempts).compactMap { code, attempt in attempt.keyed == nil ? code.holdID : nil }
    }

    func dropCodes() {
        codes.removeAll(keepingCapacity: true)
    }

    /// Empties the batch for its next use.
    func reset() {
        attempts.removeAll(keepingCapacity: true)
        codes.removeAll(keepingCapacity: true)
        payload.clear()
        hasKeys = false
        hasMoved = false
        isClosed = false
    }
}
