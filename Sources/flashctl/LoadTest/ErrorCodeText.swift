/// Finds the value of `"error"` in the body of a refusal without reading it as JSON: a million of them come in seconds.
enum ErrorCodeText {
    private static let key = Array("\"error\"".utf8)
    /// Longer values are no code.
    private static let longest = 64

    /// Where the code stands in the body; an empty range when there is none.
    static func find(in body: [UInt8]) -> Range<Int> {
        var position = 0
        while position + key.count <= body.count {
            defer { position += 1 }
            guard body[position] == key[0], body[position..<position + key.count].elementsEqual(key) else { continue }
            var next = position + key.count
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
