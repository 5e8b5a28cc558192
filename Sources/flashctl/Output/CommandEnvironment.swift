import Foundation

/// What a command sees of the process that runs it; tests hand in their own.
struct CommandEnvironment: Sendable {
    /// The environment variables.
    var variables: [String: String]
    /// Folder of the machine's configuration.
    var systemFolder: String
    var sink: OutputSink
    /// What data is written to.
    var dataTerminal: Terminal
    /// What talk is written to.
    var talkTerminal: Terminal
    /// What answers are read from.
    var inputTerminal: Terminal
    /// The next line of the input without its end; nil at the end of the input, and for a task that was cancelled.
    var readAnswer: @Sendable () async -> String?
    /// What data is written to now: windows are resized. Nil where that cannot happen.
    var measuredAgain: @Sendable () -> Terminal? = { nil }
    /// Connections that outlive the command; nil: it makes its own.
    var session: StoreSession?
    /// Whether rows of tables are written as blocks.
    var expanded = Output.Expanded.off

    /// The real one.
    static var process: CommandEnvironment {
        CommandEnvironment(
            variables: ProcessInfo.processInfo.environment,
            systemFolder: "/etc/flashctl",
            sink: .process,
            dataTerminal: .of(descriptor: STDOUT_FILENO),
            talkTerminal: .of(descriptor: STDERR_FILENO),
            inputTerminal: .of(descriptor: STDIN_FILENO),
            readAnswer: { await (try? TerminalAnswer())?.next() },
            measuredAgain: { .of(descriptor: STDOUT_FILENO) }
        )
    }

    /// Who runs the command, for the records: behind sudo the person, not root.
    var actor: String {
        let names = ["SUDO_USER", "USER", "LOGNAME"].lazy.compactMap { variables[$0] }
        return names.first { !$0.isEmpty } ?? "somebody"
    }

    /// Whether readers see more than ASCII: by the same variables, in the same order, as the C library.
    var showsUTF8: Bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { variables[$0] }.first { !$0.isEmpty } ?? "C"
        return locale.lowercased().contains("utf-8") || locale.lowercased().contains("utf8")
    }

    /// Whether somebody sits at a terminal who can answer.
    var canAsk: Bool { inputTerminal.isTerminal && talkTerminal.isTerminal }

    /// Asks and returns the answer; nil when there is none.
    /// - Throws: `CancellationError` when Ctrl-C was the answer.
    func ask(_ question: String) async throws -> String? {
        sink.talk(question)
        let answer = await readAnswer()
        // Nobody has pressed the return key: what is said next begins a line of its own.
        if answer == nil { sink.talk("\n") }
        try Task.checkCancellation()
        return answer
    }

    /// An output of this format.
    func output(_ format: Output.Format, color: ColorMode) -> Output {
        Output(
            format: format,
            color: color.isOn(for: dataTerminal, environment: variables),
            width: dataTerminal.width,
            sink: sink,
            talkTerminal: talkTerminal,
            talkColor: color.isOn(for: talkTerminal, environment: variables),
            expanded: expanded
        )
    }

    /// For errors, before any option is known.
    var talkOutput: Output { output(.table, color: .auto) }
}
