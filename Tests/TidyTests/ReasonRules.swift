/// Where the compiler's checks are switched off, a comment says why that is right.
enum ReasonRules {
    static let switches = ["@unchecked Sendable", "nonisolated(unsafe)"]
    /// Fewer words explain nothing.
    static let fewestWords = 4

    static func missingReasons(_ file: SourceFile) -> [Offence] {
        guard file.isSwift else { return [] }
        return file.code.indices.flatMap { index in
            switches.filter { file.code[index].contains($0) && !hasReason(file, index) }
                .map { file.offence(index, "\($0) without a reason directly above") }
        }
    }

    private static func hasReason(_ file: SourceFile, _ index: Int) -> Bool {
        var above = index - 1
        while above >= 0, trimmed(file.lines[above]).hasPrefix("@") { above -= 1 }
        var words = 0
        while above >= 0, trimmed(file.lines[above]).hasPrefix("//") {
            words += trimmed(file.lines[above]).split(separator: " ").count { !$0.hasPrefix("//") }
            above -= 1
        }
        return words >= fewestWords
    }

    private static func trimmed(_ line: String) -> Substring { line.drop { $0 == " " } }
}
