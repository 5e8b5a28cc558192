/// One reply of RESP version 2.
public enum RedisReply: Sendable, Equatable {
    /// A short answer such as `OK`.
    case status(String)
    /// Any bytes.
    case bulk([UInt8])
    /// A signed 64 bit number.
    case integer(Int64)
    /// Replies inside a reply.
    case array([RedisReply])
    /// No value: a missing key, or an aborted transaction.
    case null
    /// The server refused the command; starts with a word in capitals.
    case error(String)

    /// The text of a status, or of a bulk that is valid UTF-8.
    public var string: String? {
        switch self {
        case .status(let text): text
        case .bulk(let bytes): String(validating: bytes, as: UTF8.self)
        default: nil
        }
    }

    /// The bytes of a bulk or a status.
    public var bytes: [UInt8]? {
        switch self {
        case .bulk(let bytes): bytes
        case .status(let text): Array(text.utf8)
        default: nil
        }
    }

    /// The number of an integer reply, or of a bulk that holds a decimal number and nothing else.
    public var integerValue: Int64? {
        switch self {
        case .integer(let number): number
        case .bulk(let bytes): RedisReply.decimal(bytes)
        default: nil
        }
    }

    /// The parts of an array.
    public var elements: [RedisReply]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The text of an error reply.
    public var errorText: String? {
        if case .error(let text) = self { text } else { nil }
    }

    /// Nil for anything but an optional minus and digits that fit 64 bits. No string is made: streams hold thousands.
    static func decimal(_ bytes: [UInt8]) -> Int64? {
        let negative = bytes.first == UInt8(ascii: "-")
        let digits = bytes[(negative ? 1 : 0)...]
        guard !digits.isEmpty else { return nil }
        var value: Int64 = 0
        for byte in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            // Built up on the negative side, which reaches one further than the positive one.
            let (next, outside) = shifted.subtractingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
            guard !outside else { return nil }
            value = next
        }
        guard !negative else { return value }
        return value == .min ? nil : -value
    }
}
