import ArgumentParser
import FlashSaleKit

/// The names of the commands, and what somebody meant who misspelled one.
enum CommandNames {
    /// Those of the subcommands, in the order of the help.
    static var all: [String] {
        Flashctl.configuration.subcommands.compactMap { $0.configuration.commandName }
    }

    /// The topic that `flashctl help TOPIC` asks for.
    static func topic(of arguments: [String]) -> HelpTopic? {
        guard arguments.count == 2, arguments[0] == "help" else { return nil }
        return HelpTopic(rawValue: arguments[1])
    }

    /// Options that stand in front of every command.
    private static let options = [
        "--version", "--help", "--generate-completion-script", "--experimental-dump-help", "--help-hidden",
    ]

    /// Refuses a command that does not exist, or an option in front of one, and names the nearest.
    ///
    /// - Parameter others: what else may stand there, as in the shell, where no `flashctl` stands in front.
    static func check(_ arguments: [String], besides others: [String] = []) throws(CommandFailure) {
        if others.isEmpty { try checkOption(arguments) }
        guard let first = arguments.first, !first.hasPrefix("-"), first != "help" || arguments.count > 1 else { return }
        let asksForHelp = first == "help"
        let name = asksForHelp ? arguments[1] : first
        let known = all + others + ["help"] + (asksForHelp ? HelpTopic.allCases.map(\.rawValue) : [])
        if name.hasPrefix("-") { return }
        let words = (others.isEmpty ? "flashctl " : "") + (asksForHelp ? "help " : "")
        guard known.contains(name) else {
            let nearest = Suggestion.nearest(to: name, among: known)
            throw CommandFailure(
                .usage,
                "there is no command '\(DisplayWidth.harmless(name))'",
                nextStep: nearest.map { "did you mean `\(words)\($0)`?" } ?? "`flashctl --help` lists the commands"
            )
        }
        try checkBelow(name, arguments.dropFirst(asksForHelp ? 2 : 1).first, words)
    }

    /// Of a command that consists of others the one behind it.
    private static func checkBelow(_ group: String, _ name: String?, _ words: String) throws(CommandFailure) {
        let command = Flashctl.configuration.subcommands.first { $0.configuration.commandName == group }
        let known = command?.configuration.subcommands.compactMap { $0.configuration.commandName } ?? []
        guard let name, !known.isEmpty, !known.contains(name), !name.hasPrefix("-") else { return }
        let nearest = Suggestion.nearest(to: name, among: known)
        throw CommandFailure(
            .usage,
            "there is no command '\(group) \(DisplayWidth.harmless(name))'",
            nextStep: nearest.map { "did you mean `\(words)\(group) \($0)`?" }
                ?? "`flashctl help \(group)` lists the commands"
        )
    }

    private static func checkOption(_ arguments: [String]) throws(CommandFailure) {
        // With three dashes a shell asks for candidates.
        guard let first = arguments.first, first.hasPrefix("--"), first != "--", !first.hasPrefix("---") else { return }
        let name = String(first.prefix { $0 != "=" })
        guard !options.contains(name) else { return }
        throw CommandFailure(
            .usage,
            "there is no option '\(DisplayWidth.harmless(name))' in front of a command",
            nextStep: Suggestion.nearest(to: name, among: options.prefix(2)).map { "did you mean `flashctl \($0)`?" }
                ?? "options stand behind the command, as in `flashctl status --local`"
        )
    }

    /// What the parser says about arguments, with the option that was meant where it does not find that itself: help
    /// and version are none of a command's own.
    static func completed(_ message: String) -> String {
        let pattern = #/Unknown option '(--[^']+)'(?:\. Did you mean '([^']+)'\?)?/#
        guard let match = message.firstMatch(of: pattern) else { return message }
        let found = match.2.map { [String($0)] } ?? []
        guard let nearest = Suggestion.nearest(to: String(match.1), among: found + options.prefix(2)),
            !found.contains(nearest)
        else { return message }
        return message.replacing(match.0, with: "Unknown option '\(match.1)'. Did you mean '\(nearest)'?")
    }
}
