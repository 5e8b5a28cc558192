/// One line of the shell, taken apart.
enum ShellLine: Equatable, Sendable {
    /// Nothing to do: blank, or a comment.
    case empty
    /// `\name argument`
    case meta(name: String, argument: String)
    /// A command with its words; `raw` is what follows the first word as it was typed, `pipe` the program that gets the
    /// output.
    case command(words: [String], raw: String, pipe: String?)

    /// What is wrong with a line that cannot be taken apart.
    struct Problem: Error, Equatable {
        var message: String
    }

    /// Takes a line apart.
    init(_ text: String) throws(Problem) {
        let line = text.drop { $0 == " " || $0 == "\t" }
        guard let first = line.first, first != "#" else {
            self = .empty
            return
        }
        if first == "\\" {
            self = ShellLine.meta(line.dropFirst())
            return
        }
        let (body, pipe) = ShellLine.pipe(String(line))
        // The quotes of SQL are not those of a shell: what follows is for Postgres to read.
        let isStatement = body.prefix { $0.isLetter } == "sql" && !(body.dropFirst(3).first.map { $0 > " " } ?? false)
        let words = isStatement ? ["sql"] : try ShellWords.split(body)
        guard let name = words.first else {
            self = .empty
            return
        }
        let raw = body.dropFirst(name.count).drop { $0 == " " || $0 == "\t" }
        self = .command(words: words, raw: ShellLine.trimmed(String(raw)), pipe: pipe)
    }

    private static func meta(_ rest: Substring) -> ShellLine {
        // Signs are names of their own: `\?`, `\!ls`, `\|less`.
        let name = rest.first.map { $0.isLetter ? rest.prefix { $0.isLetter } : rest.prefix(1) } ?? ""
        let argument = rest.dropFirst(name.count).drop { $0 == " " || $0 == "\t" }
        return .meta(name: String(name), argument: trimmed(String(argument)))
    }

    /// Cuts `\| program` off, unless it stands in quotes.
    private static func pipe(_ line: String) -> (body: String, pipe: String?) {
        var quote: Character?
        var previous: Character = " "
        for index in line.indices {
            let character = line[index]
            if character == "'" || character == "\"", quote == nil || quote == character {
                quote = quote == nil ? character : nil
            }
            if quote == nil, character == "|", previous == "\\" {
                let body = line[..<line.index(before: index)]
                let program = line[line.index(after: index)...].drop { $0 == " " || $0 == "\t" }
                return (String(body), trimmed(String(program)))
            }
            previous = character
        }
        return (line, nil)
    }

    private static func trimmed(_ text: String) -> String {
        var rest = text[...]
        while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
        return String(rest)
    }
}

/// Words as in a POSIX shell, without expansions: blanks separate, quotes and backslashes hold together, `#` at the
/// start of a word begins a comment.
enum ShellWords {
    static func split(_ text: String) throws(ShellLine.Problem) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in text {
            if isEscaped {
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "'" || character == "\"" {
                quote = character
                word = word ?? ""
            } else if character == " " || character == "\t" {
                if let complete = word { words.append(complete) }
                word = nil
            } else if character == "#", word == nil {
                return words
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if let quote { throw ShellLine.Problem(message: "a quote (\(quote)) is not closed") }
        if isEscaped { throw ShellLine.Problem(message: "the line ends with a backslash") }
        return words + (word.map { [$0] } ?? [])
    }

    /// The commands of a text: lines, and what `;` separates in a line, unless it stands in quotes (`$$` of SQL too).
    static func commands(_ text: String) -> [String] {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).flatMap { line -> [String] in
            // In a comment, and behind `\!`, it is no separator.
            let start = line.drop { $0 == " " || $0 == "\t" }
            guard !start.hasPrefix("#"), !start.hasPrefix("\\!") else { return [String(line)] }
            return separated(line)
        }
    }

    private static func separated(_ line: Substring) -> [String] {
        var parts = [""]
        var quote: Character?
        var previous: Character = " "
        for character in line {
            let isDollar = character == "$" && previous == "$"
            if character == "'" || character == "\"" || isDollar, quote == nil || quote == character {
                quote = quote == nil ? character : nil
            }
            previous = isDollar ? " " : character
            if character == ";", quote == nil { parts.append("") } else { parts[parts.count - 1].append(character) }
        }
        return parts
    }

    /// The text as one word.
    static func quoted(_ text: String) -> String {
        let plain = text.allSatisfy { $0.isLetter || $0.isNumber || "-_./:=@,+%".contains($0) }
        return plain && !text.isEmpty ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
