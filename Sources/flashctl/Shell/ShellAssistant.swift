import FlashSaleKit
import Foundation
import Synchronization

/// What the TAB key offers and what is hinted at in a shell. What comes from the stores is kept and renewed behind the
/// scenes: typing never waits for a store longer than it takes to notice.
final class ShellAssistant: LineEditor.Assistant {
    /// What the stores said last.
    struct Known: Sendable {
        var sales: [String] = []
        var users: [String] = []
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
        let first = before.first
        let found: [String]
        if line.hasPrefix("\\") {
            found = metaCandidates(before, word)
        } else if let first {
            found = argumentCandidates(first, before, word)
        } else {
            found = table.commands.map(\.name) + ShellAssistant.ownWords
        }
        return Array(Set(found.filter { $0.hasPrefix(word) })).sorted()
    }

    /// The words that are complete; none while a quote is open. The backslash of a command of the shell is no escape.
    private static func words(_ line: String) -> [String] {
        if line.hasPrefix("\\") { return line.split(separator: " ").map(String.init) }
        return (try? ShellWords.split(line)) ?? []
    }

    private func metaCandidates(_ before: [String], _ word: String) -> [String] {
        guard let name = before.first?.dropFirst() else { return MetaCommand.allCases.map { "\\" + $0.rawValue } }
        switch name {
        case "h", "watch": return table.commands.map(\.name) + ShortForms.all.map(\.name)
        case "x": return Output.Expanded.allCases.map(\.rawValue)
        case "timing": return ["on", "off"]
        case "pset": return before.count > 1 ? Output.Format.allCases.map(\.rawValue) : ["format"]
        case "i", "o": return files(word)
        case "connect": return ["--local", "--redis", "--postgres", "--config"]
        default: return []
        }
    }

    private func argumentCandidates(_ first: String, _ before: [String], _ word: String) -> [String] {
        if first == "help" { return table.commands.map(\.name) + HelpTopic.allCases.map(\.rawValue) }
        let full = ShortForms.expanded([first])
        guard let command = table[full[0]] else {
            return first == "attempts" ? Outcome.allCases.map(\.name) + known.withLock { $0.users } : []
        }
        if let last = before.last, before.count > 1 || full.count > 1,
            let option = command.options.first(where: { $0.names.contains(last) }), let value = option.value
        {
            return values(of: option, named: value, word)
        }
        if word.hasPrefix("-") { return command.options.flatMap(\.names).filter { $0.hasPrefix("--") } }
        return command.positionals.flatMap { positional in
            positional.contains("USER") || positional.contains("SUBJECT") ? known.withLock { $0.users } : []
        }
    }

    private func values(of option: CommandTable.Option, named value: String, _ word: String) -> [String] {
        if !option.values.isEmpty { return option.values }
        switch value {
        case "sale": return known.withLock { $0.sales } + ["current", "all"]
        case "user": return known.withLock { $0.users }
        case "config", "local-directory": return files(word)
        default: return []
        }
    }

    /// Files and folders that begin like the word.
    private func files(_ word: String) -> [String] {
        let slash = word.lastIndex(of: "/").map { word.index(after: $0) } ?? word.startIndex
        let folder = String(word[..<slash])
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
        return names.filter { $0.hasPrefix(word[slash...]) }.prefix(200).map { name in
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: folder + name, isDirectory: &isFolder)
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
        guard let command = table[first] else { return nil }
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
