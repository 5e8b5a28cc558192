import Crypto

/// What a buyer gets for a hold and pays with: 128 secret bits, prefixed with the sale, e.g. `2R-7ZK3…`.
public struct HoldCode: Hashable, Sendable, CustomStringConvertible {
    /// The sale that issued the code.
    public let saleID: SaleID
    let high: UInt64
    let low: UInt64

    /// A code of these 128 bits; they must come from ``CodeGenerator`` or
    /// ``init(saleID:userID:idempotencyKey:secret:)``.
    public init(saleID: SaleID, high: UInt64, low: UInt64) {
        self.saleID = saleID
        self.high = high
        self.low = low
    }

    /// The code that an `Idempotency-Key` stands for: a buyer whose answer was lost asks again and gets the same one.
    ///
    /// - Parameter secret: the 32 bytes of `installation.secret`.
    public init(saleID: SaleID, userID: some Collection<UInt8>, idempotencyKey: some Collection<UInt8>, secret: [UInt8])
    {
        var mac = HMAC<SHA256>(key: SymmetricKey(data: secret))
        // Each part is followed by a byte that it cannot hold, so that no two triples give the same input.
        mac.update(data: Array(String(saleID.rawValue).utf8) + [10])
        mac.update(data: Array(userID) + [10])
        mac.update(data: Array(idempotencyKey))
        let digest = mac.finalize().withUnsafeBytes { bytes in
            (bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        self.init(saleID: saleID, high: UInt64(bigEndian: digest.0), low: UInt64(bigEndian: digest.1))
    }

    /// Reads a code case-insensitively; nil for anything that no code looks like.
    public init?(parsing text: some BidirectionalCollection<UInt8>) {
        guard let dash = text.firstIndex(of: UInt8(ascii: "-")),
            let number = Crockford32.decodeNumber(text[..<dash]),
            let saleID = SaleID(number),
            let bits = Crockford32.decode128(text[text.index(after: dash)...])
        else { return nil }
        self.init(saleID: saleID, high: bits.high, low: bits.low)
    }

    /// The name under which the stores know this code.
    public var holdID: HoldID {
        var bits = (high.bigEndian, low.bigEndian)
        let digest = withUnsafeBytes(of: &bits) { SHA256.hash(data: $0) }
        return digest.withUnsafeBytes { bytes in
            HoldID(
                high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }

    /// The bytes of the text form.
    public var utf8: [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(40)
        Crockford32.append(number: saleID.rawValue, to: &output)
        output.append(UInt8(ascii: "-"))
        Crockford32.append(high: high, low: low, to: &output)
        return output
    }

    /// The text form.
    public var description: String { String(decoding: utf8, as: UTF8.self) }
}
