import FlashSaleKit

/// The commands of the shell itself.
enum MetaCommand: String, CaseIterable, Sendable {
    case help = "?"
    case commandHelp = "h"
    case quit = "q"
    case watch, timing
    case expanded = "x"
    case output = "o"
    case pipe = "|"
    case include = "i"
    case set, pset
    case shell = "!"
    case edit = "e"
    case history, connect

    /// How it is written.
    var usage: String {
        switch self {
        case .help: "\\?"
        case .commandHelp: "\\h [COMMAND]"
        case .quit: "\\q"
        case .watch: "\\watch [SECONDS] [COMMAND]"
        case .timing: "\\timing [on|off]"
        case .expanded: "\\x [on|off|auto]"
        case .output: "\\o [FILE]"
        case .pipe: "COMMAND \\| PROGRAM"
        case .include: "\\i FILE"
        case .set: "\\set [NAME [VALUE]]"
        case .pset: "\\pset format table|json|yaml|ndjson"
        case .shell: "\\! [PROGRAM]"
        case .edit: "\\e"
        case .history: "\\history [COUNT]"
        case .connect: "\\connect [--local | --redis URL --postgres URL | --config FILE]"
        }
    }

    /// What it does.
    var abstract: String {
        switch self {
        case .help: "this list"
        case .commandHelp: "help of a command, or all commands"
        case .quit: "leaves, as Ctrl-D does"
        case .watch: "repeats a command, or the last one, every 2 seconds, until Ctrl-C"
        case .timing: "says how long each command takes"
        case .expanded: "shows rows as blocks; auto: when they are wider than the terminal"
        case .output: "writes data to a file, and without one to the terminal again"
        case .pipe: "gives the output to a program; alone: that of the last command again"
        case .include: "runs the lines of a file"
        case .set: "gives a name to a word, to be used as :NAME"
        case .pset: "the format of every command that is not given -o"
        case .shell: "runs a program, or a shell"
        case .edit: "edits the last line with $EDITOR, then runs it"
        case .history: "the last lines"
        case .connect: "other stores, or the same ones anew"
        }
    }

    /// The command of this name.
    /// - Throws: ``CommandFailure`` that names the nearest one.
    static func find(_ name: String) throws(CommandFailure) -> MetaCommand {
        if let found = MetaCommand(rawValue: name) { return found }
        // What they are called in psql and redis-cli.
        let others = ["quit": "q", "exit": "q", "c": "connect", "help": "?", "unset": "set NAME", "r": "connect"]
        let nearest =
            others[name] ?? Suggestion.nearest(to: name, among: allCases.map(\.rawValue).filter { $0.count > 1 })
        throw CommandFailure(
            .usage,
            "there is no \\\(DisplayWidth.harmless(name))",
            nextStep: nearest.map { "did you mean \\\($0)?" } ?? "\\? lists what there is"
        )
    }

    /// The list of `\?`.
    static var list: String {
        let width = allCases.map(\.usage.count).filter { $0 < 40 }.max() ?? 0
        let lines = allCases.map { command in
            let usage = command.usage
            let gap =
                usage.count > width
                ? "\n" + String(repeating: " ", count: width + 4)
                : String(repeating: " ", count: width + 2 - usage.count)
            return "  " + usage + gap + command.abstract
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
