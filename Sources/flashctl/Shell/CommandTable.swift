import ArgumentParser
import Foundation

/// What the parser knows of the commands, for completion and hints.
struct CommandTable: Sendable {
    struct Command: Sendable {
        var name: String
        var abstract: String
        var options: [Option] = []
        /// Names of the positional arguments.
        var positionals: [String] = []
    }

    struct Option: Sendable {
        var names: [String]
        /// Nil for a flag.
        var value: String?
        /// The only values there are, if the parser knows them.
        var values: [String] = []
    }

    let commands: [Command]

    /// The command of this name.
    subscript(name: String) -> Command? { commands.first { $0.name == name } }

    /// The command that the words begin with: `config show` before `config`.
    func command(of words: [String]) -> Command? {
        guard let first = words.first else { return nil }
        return words.dropFirst().first.flatMap { self["\(first) \($0)"] } ?? self[first]
    }

    /// What may stand behind a command that has commands of its own.
    func subcommands(of name: String) -> [String] {
        commands.filter { $0.name.hasPrefix(name + " ") }.map { String($0.name.dropFirst(name.count + 1)) }
    }

    /// Those of this program.
    static let own: CommandTable = {
        struct Dump: Decodable {
            struct Command: Decodable {
                var commandName: String
                var abstract: String?
                var arguments: [Argument]?
                var subcommands: [Command]?
            }
            struct Argument: Decodable {
                struct Name: Decodable {
                    var kind: String
                    var name: String
                }
                var kind: String
                var names: [Name]?
                var valueName: String?
                var allValues: [String]?
                var allValueStrings: [String]?
            }
            var command: Command
        }
        let text = Data(Flashctl._dumpHelp().utf8)
        // The parser reads its own dump: it cannot be wrong, and without it only candidates are missing.
        guard let dump = try? JSONDecoder().decode(Dump.self, from: text) else { return CommandTable(commands: []) }
        let nested = (dump.command.subcommands ?? []).flatMap { command -> [Dump.Command] in
            let inner = (command.subcommands ?? []).map { inner in
                var inner = inner
                inner.commandName = "\(command.commandName) \(inner.commandName)"
                return inner
            }
            return [command] + inner
        }
        return CommandTable(
            commands: nested.map { command in
                var entry = Command(name: command.commandName, abstract: command.abstract ?? "")
                for argument in command.arguments ?? [] {
                    if argument.kind == "positional" {
                        entry.positionals.append((argument.valueName ?? "value").uppercased())
                        continue
                    }
                    let names = (argument.names ?? []).map { ($0.kind == "long" ? "--" : "-") + $0.name }
                    let value = argument.kind == "option" ? argument.valueName ?? "value" : nil
                    let values = argument.allValueStrings ?? argument.allValues ?? []
                    entry.options.append(Option(names: names, value: value, values: values))
                }
                return entry
            }
        )
    }()
}
