/// Finds a whole number inside a small JSON body without reading it as JSON.
enum JSONNumberMember {
    /// The value of the first member with this quoted name; nil when there is none, or when it is no whole number.
    static func find(_ quotedName: [UInt8], in body: [UInt8]) -> Int64? {
        var position = 0
        while position + quotedName.count < body.count {
            defer { position += 1 }
            guard body[position] == quotedName[0],
                body[position..<position + quotedName.count].elementsEqual(quotedName)
            else { continue }
            var next = position + quotedName.count
            func skipSpace() {
                while next < body.count, body[next] == 0x20 || body[next] == 0x09 { next += 1 }
            }
            skipSpace()
            guard next < body.count, body[next] == UInt8(ascii: ":") else { continue }
            next += 1
            skipSpace()
            let digits = body[next...].prefix(19).prefix { (0x30...0x39).contains($0) }
            return digits.isEmpty ? nil : Int64(String(decoding: digits, as: UTF8.self))
        }
        return nil
    }
}
