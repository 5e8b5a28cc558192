/// Finds the functions of a Swift file, with the lines they cover.
struct FunctionScanner {
    struct Function: Equatable {
        let name: String
        /// Counted from 0.
        let firstLine: Int
        let lineCount: Int
    }

    private static let declarations: Set<String> = ["func", "init", "deinit", "subscript", "var"]
    /// A word that begins the next declaration: what came before it had no body (a protocol).
    private static let enders: Set<String> = [
        "func", "init", "deinit", "subscript", "var", "let", "case", "struct", "class", "enum", "actor", "extension",
        "protocol", "static", "public", "private", "internal", "fileprivate", "mutating", "typealias", "associatedtype",
    ]

    private let bytes: [UInt8]

    static func functions(in file: SourceFile) -> [Function] {
        FunctionScanner(bytes: Array(file.code.joined(separator: "\n").utf8)).functions()
    }

    private func functions() -> [Function] {
        var found: [Function] = []
        var line = 0
        var position = 0
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "\n") { line += 1 }
            guard let word = word(at: position) else {
                position += 1
                continue
            }
            let end = position + word.utf8.count
            if FunctionScanner.declarations.contains(word), !isMember(position), let body = body(after: end, word) {
                let lines = bytes[position...body].count { $0 == UInt8(ascii: "\n") } + 1
                let name = self.word(at: skippingSpaces(end)) ?? word
                found.append(Function(name: name, firstLine: line, lineCount: lines))
            }
            position = end
        }
        return found
    }

    /// The place of the closing brace, nil when the declaration has no body.
    private func body(after start: Int, _ keyword: String) -> Int? {
        if keyword == "init", start < bytes.count, !"(<?!".utf8.contains(bytes[start]) { return nil }
        var depth = 0
        var position = start
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "("), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "{") where depth == 0: return closing(position)
            case UInt8(ascii: "}") where depth == 0: return nil
            // A stored property ends with its line; its next lines belong to somebody else.
            case UInt8(ascii: "\n") where depth == 0 && keyword == "var": return nil
            default: break
            }
            if depth < 0 { return nil }
            guard let word = word(at: position) else {
                position += 1
                continue
            }
            // A function may be called like a keyword: `func case(…)`.
            let isName = position == skippingSpaces(start)
            if depth == 0, !isName, !isMember(position), FunctionScanner.enders.contains(word) { return nil }
            position += word.utf8.count
        }
        return nil
    }

    private func closing(_ open: Int) -> Int? {
        var depth = 0
        for position in open..<bytes.count {
            if bytes[position] == UInt8(ascii: "{") { depth += 1 }
            if bytes[position] == UInt8(ascii: "}") { depth -= 1 }
            if depth == 0 { return position }
        }
        return nil
    }

    /// The whole word that begins at `position`.
    private func word(at position: Int) -> String? {
        guard position < bytes.count, bytes[position].isWordByte else { return nil }
        if position > 0, bytes[position - 1].isWordByte { return nil }
        return String(decoding: bytes[position...].prefix(while: \.isWordByte), as: UTF8.self)
    }

    private func isMember(_ position: Int) -> Bool {
        position > 0 && [UInt8(ascii: "."), UInt8(ascii: "`")].contains(bytes[position - 1])
    }

    private func skippingSpaces(_ start: Int) -> Int {
        var position = start
        while position < bytes.count, bytes[position] == UInt8(ascii: " ") { position += 1 }
        return position
    }
}

extension UInt8 {
    /// Part of a name: ASCII letters, digits, `_`, and everything beyond ASCII.
    var isWordByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...0xFF: true
        default: false
        }
    }
}
