/// Findings below each other: what is well in one line that may be cut, everything else whole, with its fix.
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
        guard let fix = finding.fix else {
            return head + (room.map { DisplayWidth.fitted(sentence, to: $0) } ?? sentence) + "\n"
        }
        let lines =
            DisplayWidth.wrapped(sentence, to: room)
            + DisplayWidth.wrapped(DisplayWidth.harmless("fix: \(fix)"), to: room)
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
}
