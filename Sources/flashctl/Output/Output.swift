/// The only place that knows formats and streams: data goes to standard output, talk to standard error.
struct Output: Sendable {
    enum Format: String, CaseIterable, Sendable {
        case table, json, yaml, ndjson
    }

    /// Whether a row of a table is written as a block of names and values.
    enum Expanded: String, CaseIterable, Sendable {
        case off, on
        /// When the table is wider than the terminal.
        case auto
    }

    var format: Format
    /// Whether data is written in colours.
    var color: Bool
    /// Columns for data; nil when nothing is to be cut.
    var width: Int?
    var sink: OutputSink
    /// Where talk goes.
    var talkTerminal: Terminal
    /// Whether talk is written in colours.
    var talkColor: Bool
    var expanded = Expanded.off

    /// Writes a report in the chosen format.
    func write(_ report: some Report) throws {
        switch format {
        case .table: try sink.data(text(of: report))
        case .json: try sink.data(JSONText.pretty(report.data) + "\n")
        case .yaml: try sink.data(YAMLText.text(report.data))
        case .ndjson:
            guard case .list(let elements) = report.data else {
                return try sink.data(JSONText.line(report.data) + "\n")
            }
            try sink.data(elements.map { JSONText.line($0) + "\n" }.joined())
        }
    }

    /// A report for people, as wide as the output.
    func text(of report: some Report) -> String {
        report.sections.map { $0.text(width: width, color: color, expanded: expanded) }.joined(separator: "\n")
    }

    /// Writes one element of a list that is too long to be kept: a line of NDJSON.
    func write(line value: DataValue) throws {
        try sink.data(JSONText.line(value) + "\n")
    }

    /// Says one line to the person at the terminal, or to the log of cron.
    func say(_ text: String, style: TextStyle = .plain) {
        sink.talk(style.applied(to: text, color: talkColor) + "\n")
    }

    /// Says what failed and what to do about it.
    func say(_ failure: CommandFailure, oneLine: Bool = false) {
        var text = TextStyle.red.applied(to: "flashctl: ", color: talkColor) + failure.message
        if let nextStep = failure.nextStep { text += (oneLine ? "; next step: " : "\n  next step: ") + nextStep }
        if oneLine { text = text.split(whereSeparator: \.isNewline).joined(separator: " ") }
        sink.talk(text + "\n")
    }
}
