/// An entry of Redis' slow log. Arguments may hold anything: only the name of the command is kept, and of our scripts.
struct SlowCommand: Sendable, Equatable {
    var at: Timestamp
    /// Microseconds.
    var duration: Int64
    var name: String

    /// Microseconds from which on a command holds up a sale: no checkout is decided meanwhile.
    static let slow: Int64 = 100_000
    /// Entries that are read.
    static let count = 64
    /// Seconds for which an entry is of interest.
    static let recent: Int64 = 600

    /// Nil unless it is such an entry: id, second, microseconds, arguments.
    init?(_ reply: RedisReply) {
        guard let parts = reply.elements, parts.count >= 4, let second = parts[1].integerValue,
            let duration = parts[2].integerValue, let arguments = parts[3].elements,
            let command = arguments.first?.string
        else { return nil }
        at = Timestamp(seconds: second)
        self.duration = duration
        let sha = arguments.count > 1 ? arguments[1].string : nil
        let script = SaleScript.allCases.first { $0.sha1 == sha }
        let word = String(command.uppercased().prefix(20))
        name = script.map { "\(word) (our script \($0.rawValue))" } ?? word
    }

    /// The check of all entries.
    static func check(_ entries: [SlowCommand], now: Timestamp) -> DeepCheck {
        let since = Timestamp(microseconds: now.microseconds - recent * 1_000_000)
        let slowOnes = entries.filter { $0.duration >= slow && $0.at >= since }
        guard let worst = slowOnes.max(by: { $0.duration < $1.duration }) else {
            return .ok(.slowCommands, "No command has held up Redis for 100 ms in the last 10 minutes.")
        }
        return .warning(
            .slowCommands,
            "\(slowOnes.count) \(slowOnes.count == 1 ? "command has" : "commands have") held up Redis for 100 ms"
                + " in the last 10 minutes, \(worst.name) for \(worst.duration / 1000) ms: nothing is decided then.",
            fix: "Read SLOWLOG GET 10. Another program (KEYS, FLUSHALL, large deletes) belongs on another Redis; if"
                + " it is our script, the machine is too busy or swaps."
        )
    }
}
