/// Which commands of Redis a line sends: from Swift, or from Lua in a file or inside a string of Swift.
enum SentCommands {
    /// What stands in front of the name of a command, without spaces.
    private static let beginnings = [
        "CALL('", "CALL(\"", "REDISCOMMAND(\"", "REDISCOMMAND(PARTS:[\"", "REDISCOMMAND(PARTS:[.STRING(\"",
        "PARTS=[\"", "PARTS=[.STRING(\"",
    ]

    /// Whether a command is sent by the statement that begins at this line.
    static func isSent(_ command: String, by file: SourceFile, at index: Int) -> Bool {
        let text = statement(file.lines, index)
        return beginnings.contains { beginning in
            guard let quote = beginning.last else { return false }
            return text.contains("\(beginning)\(command)\(quote)")
        }
    }

    /// The line without its spaces, with those behind it that belong to an open bracket at its end.
    private static func statement(_ lines: [String], _ index: Int) -> String {
        var text = ""
        for line in lines[index...].prefix(4) {
            text += line.uppercased().filter { $0 != " " && $0 != "\t" }
            if text.last != "(" && text.last != "[" { break }
        }
        return text
    }
}
