/// One entry of a stream as Redis returned it.
struct StreamEntry: Sendable {
    let id: StreamID
    /// Names and values by turns.
    let fields: [RedisReply]

    /// Value of the field with this name of one letter.
    func value(_ name: UInt8) -> [UInt8]? {
        var index = 0
        while index + 1 < fields.count {
            if case .bulk(let key) = fields[index], key.count == 1, key[0] == name,
                case .bulk(let value) = fields[index + 1]
            {
                return value
            }
            index += 2
        }
        return nil
    }

    /// Value of a field that is a decimal number of 63 bits.
    func number(_ name: Character) -> Int64? {
        guard let letter = name.asciiValue, let bytes = value(letter) else { return nil }
        return bytes.withUnsafeBufferPointer { Decimal63.parse($0) }
    }

    /// Its format: 1 where there is none, nil for one that is no number.
    var format: Int64? { value(UInt8(ascii: "v")) == nil ? 1 : number("v") }

    /// The bytes of all fields in RESP, so that an entry that nobody understands can be put back as it was.
    var serialized: [UInt8] {
        var output = Array("*\(fields.count)\r\n".utf8)
        for field in fields {
            let bytes = field.bytes ?? []
            output += Array("$\(bytes.count)\r\n".utf8) + bytes + [13, 10]
        }
        return output
    }

    /// Size of names and values in bytes.
    var size: Int {
        fields.reduce(0) { sum, field in
            guard case .bulk(let bytes) = field else { return sum }
            return sum + bytes.count
        }
    }

    /// Reads the reply of XRANGE.
    static func parse(_ reply: RedisReply, from key: String) throws(JournalError) -> [StreamEntry] {
        guard case .array(let elements) = reply else {
            throw JournalError(.unexpectedReply, "XRANGE \(key) was not answered with an array")
        }
        var entries: [StreamEntry] = []
        entries.reserveCapacity(elements.count)
        for element in elements {
            guard case .array(let pair) = element, pair.count == 2, let text = pair[0].string,
                let id = StreamID(text), case .array(let fields) = pair[1]
            else { throw JournalError(.unexpectedReply, "XRANGE \(key) returned an entry without id and fields") }
            entries.append(StreamEntry(id: id, fields: fields))
        }
        return entries
    }
}

/// Decimal numbers 0…2^63−1 in bytes; anything else, a sign included, is none.
enum Decimal63 {
    static func parse(_ bytes: some Collection<UInt8>) -> Int64? {
        guard !bytes.isEmpty else { return nil }
        var number: Int64 = 0
        for byte in bytes {
            let digit = byte &- 48
            guard digit < 10 else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(digit))
            guard !overflow, !carry else { return nil }
            number = sum
        }
        return number
    }
}
