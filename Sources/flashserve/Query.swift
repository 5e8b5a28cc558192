/// The query of a request target, read in place.
struct Query {
    /// What stands for one parameter.
    enum Value: Equatable {
        case missing
        case malformed
        case repeated
        case bytes([UInt8])
    }

    private let bytes: Slice<UnsafeBufferPointer<UInt8>>

    init(bytes: Slice<UnsafeBufferPointer<UInt8>>) {
        self.bytes = bytes
    }

    /// Whether the parameter is there, with or without a value.
    func has(_ name: StaticString) -> Bool {
        value(of: name) != .missing
    }

    /// The decoded value of a parameter; names are compared as they stand.
    func value(of name: StaticString) -> Value {
        var found: Value = .missing
        var start = bytes.startIndex
        while start < bytes.endIndex {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "&")) ?? bytes.endIndex
            let pair = bytes[start..<end]
            let mark = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            if matches(pair[..<mark], name) {
                guard found == .missing else { return .repeated }
                found = Query.decode(pair[min(mark + 1, pair.endIndex)...])
            }
            start = end + 1
        }
        return found
    }

    private func matches(_ slice: Slice<UnsafeBufferPointer<UInt8>>, _ name: StaticString) -> Bool {
        slice.count == name.utf8CodeUnitCount
            && slice.elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    /// Percent-decoding, with `+` for a space as browsers and `curl --data-urlencode` write it.
    private static func decode(_ slice: Slice<UnsafeBufferPointer<UInt8>>) -> Value {
        if !slice.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) {
            return .bytes(Array(slice))
        }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(slice.count)
        var index = slice.startIndex
        while index < slice.endIndex {
            switch slice[index] {
            case UInt8(ascii: "+"):
                decoded.append(UInt8(ascii: " "))
                index += 1
            case UInt8(ascii: "%"):
                guard index + 2 < slice.endIndex, let high = hexDigit(slice[index + 1]),
                    let low = hexDigit(slice[index + 2])
                else { return .malformed }
                decoded.append(high << 4 | low)
                index += 3
            default:
                decoded.append(slice[index])
                index += 1
            }
        }
        return .bytes(decoded)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
