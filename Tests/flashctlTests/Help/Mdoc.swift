/// Pieces of mdoc(7).
enum Mdoc {
    /// Text that no macro and no escape is read from.
    static func escaped(_ text: String) -> String {
        var plain = text.replacing("\\", with: "\\e").replacing("-", with: "\\-").replacing("`", with: "\\(ga")
        if !plain.utf8.allSatisfy({ $0 < 128 }) {
            let scalars = plain.unicodeScalars.map { scalar in
                scalar.isASCII
                    ? String(scalar) : "\\[u" + padded(String(scalar.value, radix: 16, uppercase: true)) + "]"
            }
            plain = scalars.joined()
        }
        return plain.hasPrefix(".") || plain.hasPrefix("'") ? "\\&" + plain : plain
    }

    private static func padded(_ digits: String) -> String { String(repeating: "0", count: 4 - digits.count) + digits }

    /// The paragraphs of a text.
    static func paragraphs(_ text: String) -> [String] {
        text.split(separator: "\n\n").map(String.init)
    }

    /// Sentences in lines of their own, so that a change shows as one line.
    static func wrapped(_ text: String) -> [String] {
        text.split(separator: "\n").flatMap { line in
            line.replacing(". ", with: ".\n").split(separator: "\n").map { escaped(String($0)) }
        }
    }

    static func filled(_ paragraphs: [String]) -> [String] {
        Array(paragraphs.filter { !$0.isEmpty }.map(wrapped).joined(separator: [".Pp"]))
    }

    /// Lines as they are, their headings left out.
    static func literal(_ paragraphs: [String]) -> [String] {
        let lines = paragraphs.flatMap { $0.split(separator: "\n").dropFirst() }
        return [".Bd -literal"] + lines.map { escaped($0.hasPrefix("  ") ? String($0.dropFirst(2)) : String($0)) }
            + [".Ed"]
    }

    static func list(_ entries: [(name: String, text: String)]) -> [String] {
        [".Bl -tag -width Ds"] + entries.flatMap { [".It " + escaped($0.name)] + wrapped($0.text) } + [".El"]
    }

    static func references(_ pages: [String]) -> [String] {
        pages.enumerated().map { ".Xr \($1) 1" + ($0 == pages.count - 1 ? "" : " ,") }
    }

    static func value(_ argument: ToolInfo.Argument) -> String { "Ar \(argument.valueName ?? "value")" }

    /// `Fl -sale Ar sale`
    static func option(_ argument: ToolInfo.Argument) -> String {
        let flag = flag(argument.preferredName)
        return argument.kind == "option" ? "\(flag) \(value(argument))" : flag
    }

    /// `Fl o , Fl -output Ar output`
    static func names(_ argument: ToolInfo.Argument) -> String {
        if argument.kind == "positional" { return value(argument) }
        let names = (argument.names ?? []).map { flag($0) }.joined(separator: " , ")
        return argument.kind == "option" ? "\(names) \(value(argument))" : names
    }

    private static func flag(_ name: ToolInfo.Argument.Name?) -> String {
        guard let name else { return "" }
        return name.kind == "long" ? "Fl -\(name.name)" : "Fl \(name.name)"
    }

    static func help(_ argument: ToolInfo.Argument) -> String {
        var text = argument.abstract ?? ""
        let values = argument.allValueStrings ?? argument.allValues ?? []
        if !values.isEmpty { text += " Values: \(values.joined(separator: ", "))." }
        if let value = argument.defaultValue { text += " Default: \(value)." }
        return text
    }
}
