/// What a reading command hands to ``Output``: the same facts for programs and for people.
protocol Report {
    /// The facts, for JSON and YAML. NDJSON writes the elements of a list one a line.
    var data: DataValue { get }
    /// The facts as paragraphs and tables.
    var sections: [ReportSection] { get }
    /// The facts that change, in one line for a log; nil when there is no such line.
    var line: String? { get }
    /// What is wrong with what was found, and how the command ends then; nil when nothing is.
    var failure: CommandFailure? { get }
}

extension Report {
    var line: String? { nil }
    var failure: CommandFailure? { nil }
}

/// A part of a report that lays itself out.
protocol SectionLayout: Sendable {
    /// Whole lines, none wider than `width`; nil: nothing is cut or wrapped.
    func text(width: Int?, color: Bool) -> String
}

/// A part of a report for people; an empty line stands between two of them.
enum ReportSection: Sendable, Equatable {
    /// Names and values, one a line, the values below each other.
    case facts(title: String?, [(name: String, value: TableLayout.Cell)])
    case table(title: String?, TableLayout)
    case paragraph(String)
    case layout(title: String?, any SectionLayout)

    func text(width: Int?, color: Bool, expanded: Output.Expanded = .off) -> String {
        switch self {
        case .facts(let title, let facts):
            let nameWidth = facts.reduce(0) { max($0, DisplayWidth.of($1.name)) } + 2
            let lines = facts.map { fact in
                let padding = String(repeating: " ", count: nameWidth - DisplayWidth.of(fact.name))
                let room = width.map { max(8, $0 - nameWidth) } ?? Int.max
                // Only a word that is wider than the terminal is cut.
                let values = DisplayWidth.wrapped(fact.value.text, to: room).map { value in
                    fact.value.style.applied(to: DisplayWidth.fitted(value, to: room), color: color) + "\n"
                }
                return TextStyle.dim.applied(to: fact.name, color: color) + padding
                    + values.joined(separator: String(repeating: " ", count: nameWidth))
            }
            return heading(title, width: width, color: color) + lines.joined()
        case .table(let title, let layout):
            let isExpanded = expanded == .on || expanded == .auto && layout.isWider(than: width)
            let text = isExpanded ? layout.blocks(width: width, color: color) : layout.text(width: width, color: color)
            return heading(title, width: width, color: color) + text
        case .paragraph(let text):
            return DisplayWidth.filled(text, to: width) + "\n"
        case .layout(let title, let layout):
            return heading(title, width: width, color: color) + layout.text(width: width, color: color)
        }
    }

    private func heading(_ title: String?, width: Int?, color: Bool) -> String {
        guard let title else { return "" }
        let lines = DisplayWidth.wrapped(title, to: width)
        return lines.map { TextStyle.bold.applied(to: $0, color: color) + "\n" }.joined()
    }

    static func == (left: ReportSection, right: ReportSection) -> Bool {
        left.text(width: nil, color: true) == right.text(width: nil, color: true)
    }
}
