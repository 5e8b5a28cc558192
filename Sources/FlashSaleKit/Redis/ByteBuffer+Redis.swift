import NIOCore

/// Encoding of commands in RESP version 2, without a temporary string or array.
extension ByteBuffer {
    /// Announces a command of `count` parts, its name included.
    @inlinable
    public mutating func writeRedisArray(count: Int) {
        writeInteger(UInt8(ascii: "*"))
        writeDecimal(Int64(count))
        writeLineEnd()
    }

    /// Announces a part of `length` bytes; the caller writes exactly these bytes and then `writeRedisBulkEnd()`.
    @inlinable
    public mutating func writeRedisBulkStart(length: Int) {
        writeInteger(UInt8(ascii: "$"))
        writeDecimal(Int64(length))
        writeLineEnd()
    }

    /// Ends a part begun with `writeRedisBulkStart(length:)`.
    @inlinable
    public mutating func writeRedisBulkEnd() {
        writeLineEnd()
    }

    /// Writes a part of text.
    @inlinable
    public mutating func writeRedisBulk(_ text: String) {
        writeRedisBulkStart(length: text.utf8.count)
        writeString(text)
        writeLineEnd()
    }

    /// Writes a part of any bytes.
    @inlinable
    public mutating func writeRedisBulk(_ bytes: [UInt8]) {
        writeRedisBulkStart(length: bytes.count)
        writeBytes(bytes)
        writeLineEnd()
    }

    /// Writes a part of the readable bytes of another buffer.
    @inlinable
    public mutating func writeRedisBulk(_ buffer: ByteBuffer) {
        writeRedisBulkStart(length: buffer.readableBytes)
        writeImmutableBuffer(buffer)
        writeLineEnd()
    }

    /// Writes a part that is a decimal number.
    @inlinable
    public mutating func writeRedisBulk(_ number: Int64) {
        writeRedisBulkStart(length: ByteBuffer.decimalLength(number))
        writeDecimal(number)
        writeLineEnd()
    }

    @usableFromInline
    mutating func writeLineEnd() {
        writeInteger(UInt16(0x0d0a))
    }

    /// Number of characters of the decimal form, the minus included.
    @usableFromInline
    static func decimalLength(_ number: Int64) -> Int {
        var length = number < 0 ? 2 : 1
        var rest = number.magnitude / 10
        while rest > 0 {
            length += 1
            rest /= 10
        }
        return length
    }

    /// Writes the decimal form without making a string.
    @usableFromInline
    mutating func writeDecimal(_ number: Int64) {
        let length = ByteBuffer.decimalLength(number)
        writeWithUnsafeMutableBytes(minimumWritableBytes: length) { target in
            var rest = number.magnitude
            var index = length - 1
            repeat {
                target[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
                index -= 1
            } while rest > 0
            if number < 0 { target[0] = UInt8(ascii: "-") }
            return length
        }
    }
}
