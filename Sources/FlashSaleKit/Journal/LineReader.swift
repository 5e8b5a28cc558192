/// Cuts lines out of a payload, and fields out of lines, without copying.
struct LineReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// The next line without its newline; nil at the end. Bytes after the last newline are a line too.
    mutating func next() -> UnsafeBufferPointer<UInt8>? {
        guard position < bytes.count else { return nil }
        let start = position
        while position < bytes.count, bytes[position] != 10 { position += 1 }
        let line = UnsafeBufferPointer(rebasing: bytes[start..<position])
        position += 1
        return line
    }

    /// Number of lines of a payload.
    static func count(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var count = 0
        for byte in bytes where byte == 10 { count += 1 }
        if let last = bytes.last, last != 10 { count += 1 }
        return count
    }

    /// The fields of a line, between tabs.
    static func fields(_ line: UnsafeBufferPointer<UInt8>) -> [UnsafeBufferPointer<UInt8>] {
        var fields: [UnsafeBufferPointer<UInt8>] = []
        fields.reserveCapacity(8)
        var start = 0
        for index in 0..<line.count where line[index] == 9 {
            fields.append(UnsafeBufferPointer(rebasing: line[start..<index]))
            start = index + 1
        }
        fields.append(UnsafeBufferPointer(rebasing: line[start..<line.count]))
        return fields
    }
}
