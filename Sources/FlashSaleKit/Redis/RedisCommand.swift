import NIOCore

/// A command as the bytes that go over the wire; made once, sent as often as wanted.
public struct RedisCommand: Sendable {
    /// The encoded command: an array of bulks.
    public let bytes: ByteBuffer

    /// A command of texts: `RedisCommand("GET", "key")`.
    public init(_ parts: String...) {
        self.init(parts: parts.map(RedisArgument.string))
    }

    /// A command of any arguments; the first one is its name.
    public init(parts: [RedisArgument]) {
        precondition(!parts.isEmpty, "a Redis command has a name")
        var buffer = ByteBuffer()
        buffer.writeRedisArray(count: parts.count)
        for part in parts {
            switch part {
            case .string(let text): buffer.writeRedisBulk(text)
            case .bytes(let bytes): buffer.writeRedisBulk(bytes)
            case .buffer(let bytes): buffer.writeRedisBulk(bytes)
            case .integer(let number): buffer.writeRedisBulk(number)
            }
        }
        bytes = buffer
    }

    /// Takes bytes that hold exactly one command, encoded with `ByteBuffer.writeRedisArray` and `writeRedisBulk`; for
    /// callers that write their arguments straight into the buffer.
    public init(encoded: ByteBuffer) {
        bytes = encoded
    }
}
