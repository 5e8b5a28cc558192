import Foundation

/// What the parser knows of its commands, as `--experimental-dump-help` prints it.
struct ToolInfo: Decodable {
    struct Command: Decodable {
        var commandName: String
        var abstract: String?
        var discussion: String?
        var arguments: [Argument]?
        var subcommands: [Command]?
        var shouldDisplay: Bool?
    }

    struct Argument: Decodable {
        struct Name: Decodable {
            var kind: String
            var name: String

            var text: String { kind == "long" ? "--" + name : "-" + name }
        }

        var kind: String
        var names: [Name]?
        var preferredName: Name?
        var valueName: String?
        var abstract: String?
        var allValueStrings: [String]?
        var allValues: [String]?
        var defaultValue: String?
        var isOptional: Bool
        var isRepeating: Bool
        var shouldDisplay: Bool
    }

    var command: Command

    static func read() async throws -> ToolInfo {
        let outcome = try await BuiltBinary.run(["--experimental-dump-help"])
        return try JSONDecoder().decode(ToolInfo.self, from: Data(outcome.output.utf8))
    }

    /// The commands that people see, without the `help` of the parser, each with the words that call it.
    var commands: [(words: [String], command: Command)] {
        func below(_ command: Command, _ words: [String]) -> [(words: [String], command: Command)] {
            (command.subcommands ?? []).filter { $0.commandName != "help" && $0.shouldDisplay != false }.flatMap {
                let own = words + [$0.commandName]
                return [(own, $0)] + below($0, own)
            }
        }
        return below(command, [command.commandName])
    }
}
