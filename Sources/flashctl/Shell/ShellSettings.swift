import FlashSaleKit

/// What `\set`, `\pset`, `\timing`, `\x` and `\o` have set.
struct ShellSettings: Sendable, Equatable {
    var timing = false
    var expanded = Output.Expanded.off
    /// Nil: as each command says.
    var format: Output.Format?
    /// Every command that changes something is refused.
    var readOnly = false
    /// Where data goes; nil: the terminal.
    var outputFile: String?
    /// The words of `\set`.
    var variables: [String: String] = [:]

    /// Puts the values of `\set` in place of `:name`.
    func substituted(_ words: [String]) -> [String] {
        words.map { word in
            guard word.hasPrefix(":"), let value = variables[String(word.dropFirst())] else { return word }
            return value
        }
    }
}
