/// Reads Swift far enough to tell code from comments and string literals. Every byte keeps its place, so line and
/// column stay true; code inside of `\(…)` stays visible.
struct CodeScanner {
    private enum Context {
        /// Code; `depth` counts open parentheses, and an interpolation ends with the one that opened it.
        case code(depth: Int, isInterpolation: Bool)
        case string(hashes: Int, isMultiline: Bool)
    }

    private let bytes: [UInt8]
    private var result: [UInt8]
    private var position = 0
    private var contexts: [Context] = [.code(depth: 0, isInterpolation: false)]

    /// The text with comments and the inside of string literals replaced by spaces.
    static func code(of text: String) -> String {
        var scanner = CodeScanner(text)
        scanner.scan()
        return String(decoding: scanner.result, as: UTF8.self)
    }

    private init(_ text: String) {
        bytes = Array(text.utf8)
        result = bytes
    }

    private mutating func scan() {
        while position < bytes.count {
            switch contexts.last {
            case .code(let depth, let isInterpolation): scanCode(depth, isInterpolation)
            case .string(let hashes, let isMultiline): scanString(hashes, isMultiline)
            case nil: return
            }
        }
    }

    private mutating func scanCode(_ depth: Int, _ isInterpolation: Bool) {
        if starts(with: "//") {
            while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { blank(1) }
        } else if starts(with: "/*") {
            skipBlockComment()
        } else if let hashes = hashesOfString() {
            position += hashes
            let isMultiline = starts(with: "\"\"\"")
            position += isMultiline ? 3 : 1
            contexts.append(.string(hashes: hashes, isMultiline: isMultiline))
        } else {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "(") {
                contexts[contexts.count - 1] = .code(depth: depth + 1, isInterpolation: isInterpolation)
            } else if byte == UInt8(ascii: ")") {
                if isInterpolation, depth == 0 {
                    contexts.removeLast()
                } else {
                    contexts[contexts.count - 1] = .code(depth: depth - 1, isInterpolation: isInterpolation)
                }
            }
        }
    }

    private mutating func scanString(_ hashes: Int, _ isMultiline: Bool) {
        let marks = String(repeating: "#", count: hashes)
        let end = (isMultiline ? "\"\"\"" : "\"") + marks
        if starts(with: end) {
            position += end.utf8.count
            contexts.removeLast()
        } else if starts(with: "\\" + marks + "(") {
            blank(1 + hashes)
            position += 1
            contexts.append(.code(depth: 0, isInterpolation: true))
        } else if starts(with: "\\" + marks) {
            blank(2 + hashes)
        } else {
            // A string that never ended would hide the rest of the file.
            if !isMultiline, bytes[position] == UInt8(ascii: "\n") { contexts.removeLast() }
            blank(1)
        }
    }

    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            if starts(with: "/*") {
                depth += 1
                blank(2)
            } else if starts(with: "*/") {
                depth -= 1
                blank(2)
            } else {
                blank(1)
            }
        } while depth > 0 && position < bytes.count
    }

    /// The number of `#` before a string literal that begins here, nil when none does.
    private func hashesOfString() -> Int? {
        var ahead = position
        while ahead < bytes.count, bytes[ahead] == UInt8(ascii: "#") { ahead += 1 }
        return ahead < bytes.count && bytes[ahead] == UInt8(ascii: "\"") ? ahead - position : nil
    }

    private func starts(with text: String) -> Bool { bytes[position...].starts(with: text.utf8) }

    private mutating func blank(_ count: Int) {
        for _ in 0..<count where position < bytes.count {
            if bytes[position] != UInt8(ascii: "\n") { result[position] = UInt8(ascii: " ") }
            position += 1
        }
    }
}
