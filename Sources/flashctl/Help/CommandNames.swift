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

    /// Refuses a command that does not exist, and names the nearest one.
    ///
    /// - Parameter others: what else may stand there, as in the shell, where no `flashctl` stands in front.
    static func check(_ arguments: [String], besides others: [String] = []) throws(CommandFailure) {
        guard let first = arguments.first, !first.hasPrefix("-"), first != "help" || arguments.count > 1 else { return }
        let asksForHelp = first == "help"
        let name = asksForHelp ? arguments[1] : first
        let known = all + others + ["help"] + (asksForHelp ? HelpTopic.allCases.map(\.rawValue) : [])
        guard !known.contains(name), !name.hasPrefix("-") else { return }
        let nearest = Suggestion.nearest(to: name, among: known)
        let words = (others.isEmpty ? "flashctl " : "") + (asksForHelp ? "help " : "")
        throw CommandFailure(
            .usage,
            "there is no command '\(DisplayWidth.harmless(name))'",
            nextStep: nearest.map { "did you mean `\(words)\($0)`?" } ?? "`flashctl --help` lists the commands"
        )
    }
}
