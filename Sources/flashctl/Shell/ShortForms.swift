/// The words that operators type all day, and the commands that they stand for.
enum ShortForms {
    struct Form: Sendable {
        let name: String
        let usage: String
        let abstract: String
        /// The words before those that follow the name.
        let words: [String]
        /// What may follow.
        var follows = Follower.nothing
    }

    /// What TAB offers behind a name.
    enum Follower: Sendable { case nothing, sales, users, attempts, redis }

    static let all: [Form] = [
        Form(
            name: "sale",
            usage: "sale [ID]",
            abstract: "the sale in both stores",
            words: ["status", "--fast"],
            follows: .sales
        ),
        Form(
            name: "stock",
            usage: "stock [--sale ID]",
            abstract: "the units that are free, held and sold",
            words: ["stock"]
        ),
        Form(name: "top", usage: "top", abstract: "the sale, renewed every 2 seconds", words: ["status", "--watch"]),
        Form(
            name: "user",
            usage: "user USER",
            abstract: "what happened to a user",
            words: ["inspect-user"],
            follows: .users
        ),
        Form(name: "code", usage: "code CODE", abstract: "the history of a code", words: ["explain", "--as", "code"]),
        Form(
            name: "attempts",
            usage: "attempts [OUTCOME|USER] [--sale ID]",
            abstract: "the last attempts in Postgres",
            words: ["attempts"],
            follows: .attempts
        ),
        Form(name: "ledger", usage: "ledger [--sale ID]", abstract: "the last changes in Postgres", words: ["ledger"]),
        Form(
            name: "sql",
            usage: "sql STATEMENT",
            abstract: "rows of Postgres, in a transaction that refuses writes, for 10 s at most",
            words: ["sql"]
        ),
        Form(
            name: "redis",
            usage: "redis COMMAND",
            abstract: "a command of Redis that neither writes nor reads without bound",
            words: ["redis"],
            follows: .redis
        ),
    ]

    /// What `\\h` says of a short form; nil for other words.
    static func help(_ name: String) -> String? {
        guard let form = all.first(where: { $0.name == name }) else { return nil }
        let short = form.words == [form.name] ? "" : "\nShort for: \(form.words.joined(separator: " "))\n"
        return "\(form.usage): \(form.abstract)\n\(short)"
    }

    /// The list for `\\?`.
    static var list: String {
        let width = all.map(\.usage.count).max() ?? 0
        return all.map { form in
            "  " + form.usage + String(repeating: " ", count: width + 2 - form.usage.count) + form.abstract + "\n"
        }.joined()
    }

    /// The words in full.
    static func expanded(_ words: [String]) -> [String] {
        guard let name = words.first, let form = all.first(where: { $0.name == name }) else { return words }
        let rest = Array(words.dropFirst())
        // `sale 12` is `status --sale 12`.
        if name == "sale", let first = rest.first, !first.hasPrefix("-") {
            return form.words + ["--sale", first] + rest.dropFirst()
        }
        return form.words + rest
    }
}
