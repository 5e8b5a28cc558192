import FlashSaleKit
import Foundation
import Synchronization

/// What the TAB key offers and what is hinted at in a shell. What comes from the stores is kept and renewed behind the
/// scenes: typing never waits for a store longer than it takes to notice.
final class ShellAssistant: LineEditor.Assistant {
    /// What the stores said last.
    struct Known: Sendable {
        var sales: [String] = []
        var users: [UserID] = []
    }

    private let known = Mutex(Known())
    private let table = CommandTable.own

    /// Words of the shell itself that stand where a command stands.
    private static let ownWords = ["help"] + ShortForms.all.map(\.name)

    /// Takes over what the stores say now.
    func learn(_ news: Known) {
        known.withLock { $0 = news }
    }

    // MARK: - Candidates

    func candidates(line: String, word: String) -> [String] {
        let before = ShellAssistant.words(String(line.dropLast(word.count)))
        let found = line.hasPrefix("\\") ? metaCandidates(before, word) : commandCandidates(before, word)
        // By bytes: two spellings of a name are two users.
        return Set(found.map { UserID(recorded: $0) }).filter { $0.utf8.starts(with: word.utf8) }.sorted().map(\.text)
    }

    private func commandCandidates(_ words: [String], _ word: String) -> [String] {
        let before = words.first == "flashctl" ? Array(words.dropFirst()) : words
        guard let first = before.first else {
            return table.commands.map(\.name).filter { !$0.contains(" ") } + ShellAssistant.ownWords
        }
        return argumentCandidates(first, before, word)
    }

    /// The words that are complete; none while a quote is open. The backslash of a command of the shell is no escape.
    private static func words(_ line: String) -> [String] {
        if line.hasPrefix("\\") { return line.split(separator: " ").map(String.init) }
        return (try? ShellWords.split(line)) ?? []
    }

    private func metaCandidates(_ before: [String], _ word: String) -> [String] {
        guard let name = before.first?.dropFirst() else { return MetaCommand.allCases.map { "\\" + $0.rawValue } }
        switch name {
        case "h": return commandCandidates([], word)
        case "watch":
            let line = before.dropFirst()
            return commandCandidates(Array(line.first.flatMap(Double.init) == nil ? line : line.dropFirst()), word)
        case "x": return Output.Expanded.allCases.map(\.rawValue)
        case "timing": return ["on", "off"]
        case "pset": return before.count > 1 ? Output.Format.allCases.map(\.rawValue) : ["format"]
        case "i", "o": return files(word)
        case "connect":
            return before.last == "--config" || before.last == "--local-directory"
                ? files(word) : ["--local", "--local-directory", "--redis", "--postgres", "--config"]
        default: return []
        }
    }

    private func argumentCandidates(_ first: String, _ before: [String], _ word: String) -> [String] {
        if first == "help" { return commandCandidates([], word) + HelpTopic.allCases.map(\.rawValue) }
        let form = ShortForms.all.first { $0.name == first }
        let options = options(first, before)
        if word.hasPrefix("--"), let sign = word.firstIndex(of: "=") {
            let name = String(word[..<sign])
            guard let option = options.first(where: { $0.names.contains(name) }) else { return [] }
            return values(of: option, String(word[sign...].dropFirst())).map { "\(name)=\($0)" }
        }
        if before.count > 1, let last = before.last, let option = options.first(where: { $0.names.contains(last) }),
            option.value != nil
        {
            return values(of: option, word)
        }
        if word.hasPrefix("-") { return options.flatMap(\.names).filter { $0.hasPrefix("--") } }
        if let form { return following(form, isFirst: before.count == 1) }
        guard let command = table.command(of: before) else { return [] }
        let nested = before.count == 1 ? table.subcommands(of: first) : []
        guard nested.isEmpty else { return nested }
        return command.positionals.flatMap { positional in
            positional.contains("USER") || positional.contains("SUBJECT") ? known.withLock { $0.users.map(\.text) } : []
        }
    }

    /// The options of a command or a short form.
    private func options(_ first: String, _ before: [String]) -> [CommandTable.Option] {
        if let command = table.command(of: ShortForms.expanded([first]) + before.dropFirst()) { return command.options }
        guard RecordQuery.Kind(rawValue: first) != nil else { return [] }
        return [
            CommandTable.Option(names: ["--sale"], value: "sale"),
            CommandTable.Option(
                names: ["-o", "--output"],
                value: "output",
                values: Output.Format.allCases.map(\.rawValue)
            ),
        ]
    }

    private func following(_ form: ShortForms.Form, isFirst: Bool) -> [String] {
        guard isFirst else { return [] }
        return switch form.follows {
        case .nothing: []
        case .sales: known.withLock { $0.sales } + ["current"]
        case .users: known.withLock { $0.users.map(\.text) }
        case .attempts: Outcome.allCases.map(\.name) + known.withLock { $0.users.map(\.text) }
        case .redis: RedisReading.names
        }
    }

    private func values(of option: CommandTable.Option, _ word: String) -> [String] {
        if !option.values.isEmpty { return option.values }
        switch option.value {
        case "sale": return known.withLock { $0.sales } + ["current", "all"]
        case "user": return known.withLock { $0.users.map(\.text) }
        case "config", "local-directory": return files(word)
        default: return []
        }
    }

    /// Files and folders that begin like the word.
    private func files(_ word: String) -> [String] {
        let slash = word.lastIndex(of: "/").map { word.index(after: $0) } ?? word.startIndex
        let folder = String(word[..<slash])
        let place = folder.isEmpty ? "." : (folder as NSString).expandingTildeInPath + "/"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
        return names.filter { $0.hasPrefix(word[slash...]) }.prefix(200).map { name in
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: place + "/" + name, isDirectory: &isFolder)
            return folder + name + (isFolder.boolValue ? "/" : "")
        }
    }

    // MARK: - Hints

    func hint(line: String) -> String? {
        let words = ShellAssistant.words(line)
        guard line.hasSuffix(" "), let first = words.first else { return nil }
        if first.hasPrefix("\\") {
            guard words.count == 1, let meta = MetaCommand(rawValue: String(first.dropFirst())) else { return nil }
            let usage = meta.usage.split(separator: " ").dropFirst().joined(separator: " ")
            return usage.isEmpty ? nil : usage
        }
        if let form = ShortForms.all.first(where: { $0.name == first }) {
            return words.count == 1 ? String(form.usage.dropFirst(form.name.count + 1)) : nil
        }
        if first == "help" { return words.count == 1 ? "COMMAND|TOPIC" : nil }
        guard let command = table.command(of: words) else { return nil }
        let nested = table.subcommands(of: words.joined(separator: " "))
        if !nested.isEmpty { return nested.joined(separator: "|") }
        if let option = command.options.first(where: { $0.names.contains(words[words.count - 1]) }),
            let value = option.value
        {
            return option.values.isEmpty ? value.uppercased() : option.values.joined(separator: "|")
        }
        let given = words.dropFirst().count { !$0.hasPrefix("-") }
        let left = command.positionals.dropFirst(given)
        return left.isEmpty ? (words.count == 1 ? "[options]" : nil) : left.joined(separator: " ")
    }
}
