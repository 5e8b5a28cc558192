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

    /// The real one.
    static var process: CommandEnvironment {
        CommandEnvironment(
            variables: ProcessInfo.processInfo.environment,
            systemFolder: "/etc/flashctl",
            sink: .process,
            dataTerminal: .of(descriptor: STDOUT_FILENO),
            talkTerminal: .of(descriptor: STDERR_FILENO)
        )
    }

    /// An output of this format.
    func output(_ format: Output.Format, color: ColorMode) -> Output {
        Output(
            format: format,
            color: color.isOn(for: dataTerminal, environment: variables),
            width: dataTerminal.width,
            sink: sink,
            talkTerminal: talkTerminal,
            talkColor: color.isOn(for: talkTerminal, environment: variables)
        )
    }

    /// For errors, before any option is known.
    var talkOutput: Output { output(.table, color: .auto) }
}
