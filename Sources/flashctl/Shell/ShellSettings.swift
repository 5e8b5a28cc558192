import FlashSaleKit

/// What `\set`, `\pset`, `\timing`, `\x` and `\o` have set.
struct ShellSettings: Sendable, Equatable {
    var timing = false
    var expanded = Output.Expanded.off
    /// Nil: as each command says.
    var format: Output.Format?
    /// Every command that changes something is refused.
    var readOnly = false
    /// Nobody looks: no pager.
    var isScript = false
    /// Errors of lines are passed over.
    var keepsGoing = false
    /// Where data goes; nil: the terminal.
    var outputFile: String?
    /// The words of `\set`.
    var variables: [String: String] = [:]

    /// Puts the values of `\set` in place of `:name`.
    func substituted(_ words: [String]) -> [String] {
        words.map { word in
            if word.hasPrefix(":") { return variables[String(word.dropFirst())] ?? word }
            guard word.hasPrefix("--"), let sign = word.firstRange(of: "=:") else { return word }
            return variables[String(word[sign.upperBound...])].map { "\(word[..<sign.lowerBound])=\($0)" } ?? word
        }
    }

    /// The same in a statement: `:name` outside quotes, but not the `::type` of SQL.
    func substituted(statement: String) -> String {
        var result = ""
        var quote: Character?
        var rest = statement[...]
        while let character = rest.popFirst() {
            if character == "'" || character == "\"", quote == nil || quote == character {
                quote = quote == nil ? character : nil
            }
            let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
            if character == ":", quote == nil, result.last != ":", let value = variables[String(name)] {
                result += value
                rest = rest.dropFirst(name.count)
            } else {
                result.append(character)
            }
        }
        return result
    }
}
