/// The header `traceparent` of W3C Trace Context: which trace a request belongs to, and whether it is recorded.
struct TraceParent: Sendable, Equatable {
    /// The trace id, never 0.
    let traceHigh, traceLow: UInt64
    /// The span of the caller, never 0.
    let parent: UInt64
    /// Whether the caller records the trace.
    let isSampled: Bool

    /// Length of version 00; a later version may go on behind a dash.
    private static let length = 55

    /// Nil for what the specification says to ignore: other lengths, capital digits, zero ids, version ff.
    init?(_ header: String) {
        var text = header
        let parsed = text.withUTF8 { TraceParent.parse($0) }
        guard let parsed else { return nil }
        self = parsed
    }

    private init?(version: UInt64, high: UInt64, low: UInt64, parent: UInt64, flags: UInt64) {
        guard version != 0xFF, high | low != 0, parent != 0 else { return nil }
        traceHigh = high
        traceLow = low
        self.parent = parent
        isSampled = flags & 1 == 1
    }

    private static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> TraceParent? {
        let dash = UInt8(ascii: "-")
        guard bytes.count >= length, let version = hex(bytes[0..<2]),
            bytes.count == length || (version > 0 && bytes[length] == dash),
            bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
            let high = hex(bytes[3..<19]), let low = hex(bytes[19..<35]),
            let parent = hex(bytes[36..<52]), let flags = hex(bytes[53..<55])
        else { return nil }
        return TraceParent(version: version, high: high, low: low, parent: parent, flags: flags)
    }

    /// At most 16 digits, small letters only.
    private static func hex(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case 48...57: value = value << 4 | UInt64(digit - 48)
            case 97...102: value = value << 4 | UInt64(digit - 87)
            default: return nil
            }
        }
        return value
    }
}
