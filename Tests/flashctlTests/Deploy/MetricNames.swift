/// What an expression of PromQL asks for.
struct MetricNames {
    /// Names of metrics of flashctl and of its process; those that rules record are left out.
    private(set) var names: Set<String> = []
    /// Label names that are selected or summed by, for each name that is followed by a selector.
    private(set) var labels: [String: Set<String>] = [:]
    /// Values that a label is compared with, one for each alternative.
    private(set) var values: [String: Set<String>] = [:]

    private static let prefixes = ["flashctl_", "process_"]
    /// What Prometheus adds to every series.
    static let added: Set<String> = ["job", "instance"]

    init(_ expressions: [String]) {
        for expression in expressions { read(Array(expression)) }
    }

    private mutating func read(_ text: [Character]) {
        var index = 0
        while index < text.count {
            if text[index] == "\"" {
                index = MetricNames.end(ofStringAt: index, text) + 1
                continue
            }
            guard MetricNames.isWord(text[index]) else {
                index += 1
                continue
            }
            let start = index
            while index < text.count, MetricNames.isWord(text[index]) { index += 1 }
            let word = String(text[start..<index])
            guard !word.contains(":"), MetricNames.prefixes.contains(where: word.hasPrefix) else { continue }
            names.insert(word)
            if index < text.count, text[index] == "{" { index = readSelector(at: index, of: word, text) }
        }
    }

    /// Reads `{name="value",…}`; returns the index behind it.
    private mutating func readSelector(at start: Int, of metric: String, _ text: [Character]) -> Int {
        var index = start + 1
        var label = ""
        while index < text.count, text[index] != "}" {
            if MetricNames.isWord(text[index]) {
                label.append(text[index])
            } else if text[index] == "\"" {
                let end = MetricNames.end(ofStringAt: index, text)
                labels[metric, default: []].insert(label)
                values[label, default: []].formUnion(
                    String(text[index + 1..<end]).split(separator: "|").map(String.init)
                )
                label = ""
                index = end
            }
            index += 1
        }
        return index + 1
    }

    private static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_" || character == ":"
    }

    private static func end(ofStringAt start: Int, _ text: [Character]) -> Int {
        text[(start + 1)...].firstIndex(of: "\"") ?? text.count - 1
    }
}
