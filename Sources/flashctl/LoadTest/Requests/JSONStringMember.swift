/// Finds a text inside a small JSON body without reading it as JSON: a million of them come in seconds.
enum JSONStringMember {
    /// Where the value of the first member with this quoted name stands; an empty range when there is none, or when it
    /// is longer than any that is wanted.
    static func find(_ quotedName: [UInt8], longest: Int, in body: [UInt8]) -> Range<Int> {
        var position = 0
        while position + quotedName.count <= body.count {
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
            guard next < body.count, body[next] == UInt8(ascii: "\"") else { return 0..<0 }
            let start = next + 1
            let value = body[start...].prefix(longest + 1)
            guard let end = value.firstIndex(of: UInt8(ascii: "\"")) else { return 0..<0 }
            return start..<end
        }
        return 0..<0
    }
}
