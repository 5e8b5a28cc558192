/// Constructs that the project does without.
enum BannedRules {
    /// A piece of code, where it is allowed all the same, and why it is not.
    struct Ban {
        let token: String
        let reason: String
        let isAllowed: @Sendable (SourceFile) -> Bool

        init(_ token: String, _ reason: String, allowed: @escaping @Sendable (SourceFile) -> Bool = { _ in false }) {
            self.token = token
            self.reason = reason
            isAllowed = allowed
        }
    }

    static let bans = [
        Ban("try!", "an error ends the process; handle or throw it"),
        Ban("as!", "a wrong type ends the process; use as? and say what was expected", allowed: \.isTest),
        Ban("fatalError", "only main may end the process", allowed: { $0.name == "main.swift" }),
        Ban("print(", "output belongs to Output", allowed: isOutput),
        Ban("debugPrint(", "output belongs to Output", allowed: isOutput),
        Ban("DispatchSemaphore", "blocks a thread of the pool"),
        Ban(".wait()", "blocks a thread; await it or chain the future"),
        Ban(".disabled(", "no test may be skipped"),
        Ban(".enabled(if", "no test may be skipped"),
        Ban("withKnownIssue", "a known issue is to be fixed"),
    ]

    private static let marks = ["FIXME", "TODO", "XXX"]

    @Sendable
    private static func isOutput(_ file: SourceFile) -> Bool { file.path.contains("/Output/") }

    static func constructs(_ file: SourceFile) -> [Offence] {
        guard file.isSwift else { return [] }
        return file.code.indices.flatMap { index in
            bans.filter { !$0.isAllowed(file) && contains($0.token, in: file.code[index]) }
                .map { file.offence(index, "\($0.token): \($0.reason)") }
        }
    }

    /// Open ends belong into the tracker. Looks at comments and code, not at strings of Swift.
    static func openEnds(_ file: SourceFile) -> [Offence] {
        guard LengthRules.isMeasured(file) else { return [] }
        return file.lines.indices.flatMap { index in
            marks.filter { contains($0, in: file.lines[index]) && !isQuoted($0, file.lines[index]) }
                .map { file.offence(index, "\($0): finish it or file it") }
        }
    }

    /// Force unwraps and implicitly unwrapped types: a `!` behind a name or a bracket. Tests may.
    static func forceUnwraps(_ file: SourceFile) -> [Offence] {
        guard file.isSwift, !file.isTest else { return [] }
        return file.code.indices.filter { hasForceUnwrap(file.code[$0]) }
            .map { file.offence($0, "force unwrap: say what is wrong when it is nil") }
    }

    private static func hasForceUnwrap(_ line: String) -> Bool {
        let bytes = Array(line.utf8)
        for index in bytes.indices.dropFirst() where bytes[index] == UInt8(ascii: "!") {
            let before = bytes[index - 1]
            let next = index + 1 < bytes.count ? bytes[index + 1] : UInt8(ascii: " ")
            let isPostfix = before.isWordByte || ")]}\"?>".utf8.contains(before)
            guard isPostfix, next != UInt8(ascii: "=") else { continue }
            let word = String(
                decoding: bytes[..<index].reversed().prefix(while: \.isWordByte).reversed(),
                as: UTF8.self
            )
            // Reported by name above.
            if word != "try", word != "as" { return true }
        }
        return false
    }

    /// Whole words only: `sprint(` is not `print(`.
    static func contains(_ token: String, in line: String) -> Bool {
        let bytes = Array(line.utf8)
        let wanted = Array(token.utf8)
        guard bytes.count >= wanted.count, let first = wanted.first, let last = wanted.last else { return false }
        return (0...(bytes.count - wanted.count)).contains { start in
            guard bytes[start] == first, bytes[start...].starts(with: wanted) else { return false }
            let end = start + wanted.count
            let joinsLeft = first.isWordByte && start > 0 && bytes[start - 1].isWordByte
            let joinsRight = last.isWordByte && end < bytes.count && bytes[end].isWordByte
            // A method that happens to be called `print` is somebody else's.
            let isMember = first.isWordByte && start > 0 && bytes[start - 1] == UInt8(ascii: ".")
            return !joinsLeft && !joinsRight && !isMember
        }
    }

    private static func isQuoted(_ word: String, _ line: String) -> Bool {
        line.contains("\"\(word)") || line.contains("`\(word)`")
    }
}
