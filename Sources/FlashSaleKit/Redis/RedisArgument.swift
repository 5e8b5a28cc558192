import NIOCore

/// One argument of a command.
public enum RedisArgument: Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    /// UTF-8 text.
    case string(String)
    /// Any bytes.
    case bytes([UInt8])
    /// The readable bytes of a buffer.
    case buffer(ByteBuffer)
    /// A decimal number.
    case integer(Int64)

    /// UTF-8 text.
    public init(stringLiteral value: String) {
        self = .string(value)
    }

    /// A decimal number.
    public init(integerLiteral value: Int64) {
        self = .integer(value)
    }
}
