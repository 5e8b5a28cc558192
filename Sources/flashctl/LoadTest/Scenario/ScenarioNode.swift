import FlashSaleKit
import Yams

/// A place in a scenario file, so that every error names its line.
struct ScenarioNode {
    let path: String
    private let node: Node
    private let name: String
    private let line: Int

    /// Reads the text of a file; it must hold a mapping.
    init(path: String, text: String) throws(CommandFailure) {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            let why = String(describing: error).split(whereSeparator: \.isNewline).joined(separator: " ")
            throw CommandFailure(.badInput, "\(path) is no YAML: \(why)", nextStep: "correct the line that it names")
        }
        guard let root, root.mapping != nil else {
            throw CommandFailure(
                .badInput,
                "\(path) holds no scenario",
                nextStep: "write `flows:` with at least one flow; docs/LOADTEST.md has an example"
            )
        }
        self.init(path, root, name: "the scenario", line: 1)
    }

    private init(_ path: String, _ node: Node, name: String, line: Int) {
        self.path = path
        self.node = node
        self.name = name
        self.line = node.mark?.line ?? line
    }

    /// An error at this place.
    func failure(_ why: String, _ nextStep: String) -> CommandFailure {
        CommandFailure(.badInput, "\(path):\(line): \(name) \(why)", nextStep: nextStep)
    }

    /// Fails for members that nobody reads.
    func check(_ known: [String]) throws(CommandFailure) {
        guard let mapping = node.mapping else { throw failure("takes members", "write `member: value`, one a line") }
        for (key, _) in mapping {
            let word = key.string ?? "?"
            if known.contains(word) { continue }
            let suggestion = Suggestion.nearest(to: word, among: known).map { "did you mean `\($0)`?" }
            throw CommandFailure(
                .badInput,
                "\(path):\(key.mark?.line ?? line): \(name) has no member `\(DisplayWidth.harmless(word))`",
                nextStep: suggestion ?? "the members are: \(known.joined(separator: ", "))"
            )
        }
    }

    /// A member; nil when it is not there.
    subscript(member: String) -> ScenarioNode? {
        guard let value = node.mapping?[member] else { return nil }
        return ScenarioNode(path, value, name: "`\(member)`", line: line)
    }

    var isMapping: Bool { node.mapping != nil }

    /// The elements of a list.
    func elements() throws(CommandFailure) -> [ScenarioNode] {
        guard let sequence = node.sequence, !sequence.isEmpty else {
            throw failure("takes a list", "write one `- name: …` for each of them")
        }
        return sequence.enumerated().map { index, element in
            ScenarioNode(path, element, name: "flow \(index + 1)", line: line)
        }
    }

    /// A single value as it is written.
    func text() throws(CommandFailure) -> String {
        guard let scalar = node.scalar else { throw failure("takes a single value", "write it behind the colon") }
        return scalar.string
    }

    /// A whole number of a range.
    func number(_ range: ClosedRange<Int>) throws(CommandFailure) -> Int {
        let text = try text()
        guard let number = Int(text), range.contains(number) else {
            throw failure(
                "is `\(DisplayWidth.harmless(text))`",
                "give a whole number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    /// A length of time in milliseconds.
    func milliseconds() throws(CommandFailure) -> Int {
        let text = try text()
        guard let milliseconds = DurationText.milliseconds(text) else {
            throw failure("is `\(DisplayWidth.harmless(text))`", "write a length of time, as 500ms, 8s or 1m30s")
        }
        return Int(milliseconds)
    }

    /// Two lengths of time in milliseconds, or one that is both.
    func range() throws(CommandFailure) -> ClosedRange<Int> {
        let text = try text()
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { DurationText.milliseconds($0) }
        guard (1...2).contains(ends.count), let first = ends.first.flatMap(\.self),
            let last = ends.last.flatMap(\.self),
            first <= last, last <= 3_600_000
        else {
            throw failure("is `\(DisplayWidth.harmless(text))`", "write two lengths of time, as 500ms-8s")
        }
        return Int(first)...Int(last)
    }

    /// One of some words.
    func word<Value>(_ values: [(name: String, value: Value)]) throws(CommandFailure) -> Value {
        let text = try text()
        if let found = values.first(where: { $0.name == text }) { return found.value }
        throw failure(
            "is `\(DisplayWidth.harmless(text))`",
            "give one of: \(values.map(\.name).joined(separator: ", "))"
        )
    }
}
