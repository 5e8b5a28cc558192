/// The SQL and Lua files that are built into the binary.
enum EmbeddedRules {
    static let migrations = "Sources/FlashSaleKit/Postgres/migrations/"
    static let scripts = "Sources/FlashSaleKit/Redis/scripts/"

    /// Each file begins with a comment that says what it is for; scripts get their `#!lua` line when they are sent.
    static func beginnings(_ file: SourceFile) -> [Offence] {
        guard file.path.hasPrefix(migrations) || file.path.hasPrefix(scripts) else { return [] }
        let first = file.lines.first ?? ""
        return first.hasPrefix("-- ") && first.split(separator: " ").count > 2
            ? [] : [file.offence(0, "begins without a comment that says what it is for")]
    }

    /// `m0001_name.sql`, `m0002_…`: a name that starts with a digit is lost by the embedding; a gap means a lost file.
    static func migrationNames(_ files: [SourceFile]) -> [Offence] {
        let found = files.filter { $0.path.hasPrefix(migrations) }.sorted { $0.path < $1.path }
        return found.enumerated().compactMap { index, file in
            let number = String(index + 1)
            let wanted = "m" + String(repeating: "0", count: max(0, 4 - number.count)) + number + "_"
            let isRight =
                file.name.hasPrefix(wanted) && file.name.hasSuffix(".sql") && file.name.count > wanted.count + 4
            return isRight ? nil : file.offence(0, "is not named \(wanted)….sql")
        }
    }

    /// Commands that stop a serving Redis for as long as a key or the whole keyspace is large.
    static let slowCommands = ["KEYS", "SCAN", "DEL", "FLUSHALL", "FLUSHDB", "SMEMBERS", "DEBUG"]

    static func slowCommands(_ file: SourceFile) -> [Offence] {
        guard file.isSource else { return [] }
        return file.lines.indices.flatMap { index in
            slowCommands.filter { SentCommands.isSent($0, by: file, at: index) }
                .map { file.offence(index, "\($0) blocks a serving Redis") }
        }
    }
}
