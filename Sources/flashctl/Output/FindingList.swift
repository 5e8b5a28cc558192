/// Findings below each other, with what to do about those that are not well.
struct FindingList: SectionLayout, Equatable {
    struct Finding: Sendable, Equatable {
        /// How bad it is, in one word.
        var level: String
        var style: TextStyle
        var name: String
        var sentence: String
        /// What to do; nil when all is well.
        var fix: String?
    }

    var findings: [Finding]
    /// Columns of the level, so that several lists stand below each other.
    var levelWidth: Int

    func text(width: Int?, color: Bool) -> String {
        findings.map { text($0, width: width, color: color) }.joined()
    }

    private func text(_ finding: Finding, width: Int?, color: Bool) -> String {
        let padding = String(repeating: " ", count: max(0, levelWidth - finding.level.count))
        let head = finding.style.applied(to: finding.level, color: color) + padding + "  "
        let indent = levelWidth + 2
        let room = width.map { max(20, $0 - indent) }
        let sentence = DisplayWidth.harmless("\(finding.name): \(finding.sentence)")
        let fix = finding.fix.map { DisplayWidth.wrapped(DisplayWidth.harmless("fix: \($0)"), to: room) } ?? []
        let lines = DisplayWidth.wrapped(sentence, to: room) + fix
        let rest = lines.dropFirst().map { String(repeating: " ", count: indent) + $0 + "\n" }
        return head + (lines.first ?? "") + "\n" + rest.joined()
    }
}

extension DisplayWidth {
    /// The text in lines of at most `width` columns, broken at spaces; a longer word has a line of its own.
    static func wrapped(_ text: String, to width: Int?) -> [String] {
        guard let width else { return [text] }
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            let candidate = line.isEmpty ? String(word) : line + " " + word
            if !line.isEmpty, of(candidate) > width {
                lines.append(line)
                line = String(word)
            } else {
                line = candidate
            }
        }
        return lines + [line]
    }

    /// Each line of a text wrapped by itself, what follows a little further to the right than its beginning.
    static func filled(_ text: String, to width: Int?) -> String {
        guard let width else { return text }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line -> [String] in
            guard of(String(line)) > width else { return [String(line)] }
            let margin = String(line.prefix { $0 == " " })
            let parts = wrapped(String(line.dropFirst(margin.count)), to: max(20, width - margin.count - 2))
            return parts.enumerated().map { margin + ($0.offset == 0 ? "" : "  ") + $0.element }
        }
        return lines.joined(separator: "\n")
    }
}
