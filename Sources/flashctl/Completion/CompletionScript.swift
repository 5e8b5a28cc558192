import ArgumentParser

/// The script with which a shell completes: that of the parser, and what may stand behind `help`.
enum CompletionScript {
    private static let option = "--generate-completion-script"

    /// The script that these arguments ask for; nil when they ask for none that there is.
    static func text(of arguments: [String]) -> String? {
        let words = arguments.flatMap { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        guard words.count == 2, words[0] == option, let shell = CompletionShell(rawValue: words[1]) else { return nil }
        return text(for: shell) + "\n"
    }

    static func text(for shell: CompletionShell) -> String {
        let script = Flashctl.completionScript(for: shell)
        let names = (CommandNames.all + HelpTopic.allCases.map(\.rawValue)).joined(separator: " ")
        switch shell {
        case .bash:
            let end = "    __flashctl_offer_flags_options -1\n}\n"
            let offer = "    COMPREPLY+=($(compgen -W '\(names)' -- \"${cur}\"))\n}\n"
            return changed(script, "_flashctl_help() {", end) { String($0.dropLast(2)) + offer }
        case .zsh:
            return changed(script, "_flashctl_help() {", "'*:subcommands:'") { "\($0.dropLast())(\(names))'" }
        default:
            let condition = "__flashctl_should_offer_completions_for_positional \"flashctl help\" -ge 0"
            return script + "\ncomplete -c 'flashctl' -n '\(condition)' -fa '\(names)'"
        }
    }

    /// The script with `part`, which comes somewhere behind `beginning`, replaced; unchanged when it is not there.
    private static func changed(
        _ script: String,
        _ beginning: String,
        _ part: String,
        _ change: (Substring) -> String
    ) -> String {
        guard let start = script.firstRange(of: beginning),
            let found = script[start.upperBound...].firstRange(of: part)
        else { return script }
        return "\(script[..<found.lowerBound])\(change(script[found]))\(script[found.upperBound...])"
    }
}
