/// What Redis, Postgres, logs and journals know of a code: the first 128 bits of the SHA-256 of its 16 bytes. Whoever
/// reads a store can therefore not buy with it.
public struct HoldID: Hashable, Sendable, CustomStringConvertible {
    /// Bits 127…64.
    public let high: UInt64
    /// Bits 63…0.
    public let low: UInt64

    /// A hold id of these bits.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Number of bytes of the text form.
    public static let hexLength = 32

    /// Nil unless the text is 32 lower-case hexadecimal digits.
    public init?(hex: some Collection<UInt8>) {
        guard hex.count == HoldID.hexLength else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for digit in hex {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            default: return nil
            }
            high = (high << 4) | (low >> 60)
            low = (low << 4) | UInt64(value)
        }
        self.init(high: high, low: low)
    }

    /// The 32 hexadecimal digits, lower case.
    public var hex: [UInt8] {
        var digits: [UInt8] = []
        digits.reserveCapacity(HoldID.hexLength)
        appendHex { digits.append($0) }
        return digits
    }

    /// Hands the 32 digits one by one to `write`, without an allocation.
    @inlinable
    public func appendHex(_ write: (UInt8) -> Void) {
        HoldID.appendHex(word: high, write)
        HoldID.appendHex(word: low, write)
    }

    @inlinable
    static func appendHex(word: UInt64, _ write: (UInt8) -> Void) {
        for shift in stride(from: UInt64(60), through: 0, by: -4) {
            let nibble = UInt8(truncatingIfNeeded: (word >> shift) & 15)
            write(nibble < 10 ? 48 + nibble : 87 + nibble)
        }
    }

    /// The 16 bytes, highest first, as stored in Postgres.
    public var bytes: [UInt8] {
        (0..<16).map { index in
            let word = index < 8 ? high : low
            return UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * (index % 8)))
        }
    }

    /// Nil unless there are exactly 16 bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for byte in bytes {
            high = (high << 8) | (low >> 56)
            low = (low << 8) | UInt64(byte)
        }
        self.init(high: high, low: low)
    }

    /// The text form.
    public var description: String { String(decoding: hex, as: UTF8.self) }
}
