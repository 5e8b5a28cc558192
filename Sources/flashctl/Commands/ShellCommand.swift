import ArgumentParser
import FlashSaleKit
import Foundation

/// `flashctl shell`
struct ShellCommand: EnvironmentCommand {
    static let configuration = CommandConfiguration(
        commandName: "shell",
        abstract: "A prompt in which every command works without 'flashctl', with history and completion.",
        usage: "flashctl shell [-c <lines>] [<options>]",
        discussion: """
            The connections stay open between commands. Besides the commands of flashctl there are sale, stock, top, \
            user, code, attempts and ledger for the daily ones, 'sql' and 'redis' for a look that cannot write, and \
            those that begin with a backslash: \\? lists them. TAB completes; Ctrl-C drops a line or ends a command; \
            Ctrl-D leaves.

            Off a terminal, and with -c, it is a script: no prompt, # begins a comment, and the first error ends it \
            with file, line and that command's exit status; --keep-going goes on.

            Examples:
              flashctl shell --local
              flashctl shell --local -c 'status --fast; verify'
              flashctl shell --read-only --keep-going <checks.flash
            """
    )

    @Option(name: .customShort("c"), help: "Run these lines, separated by ';' or line breaks.")
    var lines: String?

    @Flag(help: "Go on after an error; the status is that of the last one.")
    var keepGoing = false

    @Flag(help: "Refuse every command that changes something.")
    var readOnly = false

    @OptionGroup var storeOptions: StoreOptions

    func run(in environment: CommandEnvironment) async throws {
        let configuration = try storeOptions.configuration(in: environment)
        let script = script(in: environment)
        // The private stores run for as long as the shell. With a person in front of it the shell sees to Ctrl-C.
        try await Stores.using(
            configuration,
            local: storeOptions.local,
            in: environment,
            handlesSignals: script == nil
        ) { _ in
            if let script { try await run(script, in: environment) } else { try await runTerminal(in: environment) }
        }
    }

    /// Nil for a person at a terminal.
    private func script(in environment: CommandEnvironment) -> ShellScript? {
        if let lines { return ShellScript(name: "-c", text: lines) }
        let isTerminal = environment.inputTerminal.isTerminal && environment.dataTerminal.isTerminal
        return isTerminal ? nil : .standardInput
    }

    private func interpreter(_ environment: CommandEnvironment, isScript: Bool) -> ShellInterpreter {
        ShellInterpreter(
            environment: environment,
            storeWords: storeOptions.words,
            session: StoreSession(),
            settings: ShellSettings(readOnly: readOnly, isScript: isScript, keepsGoing: isScript && keepGoing)
        )
    }

    private func run(_ script: ShellScript, in environment: CommandEnvironment) async throws {
        var environment = environment
        // A script looks the same wherever it runs.
        environment.variables["NO_COLOR"] = "1"
        let interpreter = interpreter(environment, isScript: true)
        do {
            _ = try await script.run(on: interpreter, keepsGoing: keepGoing)
            await interpreter.session.close()
        } catch {
            await interpreter.session.close()
            if let located = error as? ScriptError {
                located.tell(environment.talkOutput)
                throw located.told
            }
            throw error
        }
    }

    private func runTerminal(in environment: CommandEnvironment) async throws {
        let answer = try TerminalAnswer()
        var environment = environment
        environment.readAnswer = { answer.read() }
        let interpreter = interpreter(environment, isScript: false)
        let assistant = ShellAssistant()
        let refresher = ShellRefresher(assistant: assistant, environment: environment) {
            try await interpreter.storeOptions()
        }
        let path = ShellHistory.path(environment.variables)
        let terminal = ShellTerminal(
            interpreter: interpreter,
            history: path.map { ShellHistory(path: $0) },
            refresher: refresher,
            editor: try LineEditor(assistant: assistant),
            answer: answer
        )
        let status = try await terminal.run()
        await interpreter.session.close()
        if status != .success { throw SilentExit(status) }
    }
}
