/// Which part may know what.
enum ImportRules {
    /// C modules and the only folder that may import each.
    static let wrappers = [
        "CHiredis": "Sources/FlashSaleKit/Redis/",
        "CLibpq": "Sources/FlashSaleKit/Postgres/",
        "CReadline": "Sources/flashctl/Shell/",
        "CBuildInfo": "Sources/flashctl/Version/",
    ]

    /// The files between a request's bytes and its answer: no Foundation, no Codable, nothing that takes its time.
    /// `*` stands for any part of one name.
    static let hotPath = [
        "Sources/flashserve/*ConnectionHandler*.swift",
        "Sources/flashserve/*Batcher*.swift",
        "Sources/flashserve/Route*.swift",
        "Sources/flashserve/Request*.swift",
        "Sources/flashserve/Responses*.swift",
        "Sources/FlashSaleKit/Redis/*Channel*.swift",
        "Sources/FlashSaleKit/Redis/*Call*.swift",
        "Sources/FlashSaleKit/Sale/*.swift",
    ]

    private static let slow = ["Foundation", "FoundationEssentials"]
    private static let slowTypes = ["Codable", "Encodable", "Decodable", "JSONEncoder", "JSONDecoder"]

    static func isHot(_ path: String) -> Bool {
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        return hotPath.contains { pattern in
            guard let slash = pattern.lastIndex(of: "/") else { return false }
            // Folders below the named one count as well.
            return path.hasPrefix(pattern[...slash]) && matches(name, pattern[pattern.index(after: slash)...])
        }
    }

    static func foreignC(_ file: SourceFile) -> [Offence] {
        imports(file).compactMap { index, module in
            guard let folder = wrappers[module], !file.path.hasPrefix(folder) else { return nil }
            return file.offence(index, "\(module) is wrapped in \(folder)")
        }
    }

    static func slowHotPath(_ file: SourceFile) -> [Offence] {
        guard isHot(file.path) else { return [] }
        let imported = imports(file).filter { slow.contains($0.module) }
            .map { file.offence($0.line, "\($0.module) in the hot path") }
        let named = file.code.indices.flatMap { index in
            slowTypes.filter { BannedRules.contains($0, in: file.code[index]) }
                .map { file.offence(index, "\($0) in the hot path") }
        }
        return imported + named
    }

    /// `import M`, `public import M`, `@testable import M`, `import struct M.T`.
    static func imports(_ file: SourceFile) -> [(line: Int, module: String)] {
        guard file.isSwift else { return [] }
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
        return file.code.enumerated().compactMap { index, line in
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(of: "import"), place < 3 else { return nil }
            guard let name = words[(place + 1)...].first(where: { !kinds.contains($0) }) else { return nil }
            return (index, String(name.split(separator: ".").first ?? name))
        }
    }

    /// `*` matches any run of characters.
    static func matches(_ name: String, _ pattern: Substring) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = parts.first, let last = parts.last, parts.count > 1 else { return name == pattern }
        guard name.hasPrefix(first), name.hasSuffix(last), name.count >= first.count + last.count else { return false }
        var rest = name.dropFirst(first.count).dropLast(last.count)
        for part in parts.dropFirst().dropLast() {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return true
    }
}
