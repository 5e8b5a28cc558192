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
        // The private stores run for as long as the shell.
        try await Stores.using(configuration, local: storeOptions.local, in: environment, handlesSignals: true) { _ in
            try await runShell(in: environment)
        }
    }

    private func runShell(in environment: CommandEnvironment) async throws {
        let session = StoreSession()
        let interpreter = ShellInterpreter(
            environment: environment,
            storeWords: storeOptions.words,
            session: session,
            readOnly: readOnly
        )
        do {
            try await run(interpreter, environment)
            await session.close()
        } catch {
            await session.close()
            if let located = error as? ScriptError {
                located.tell(environment.talkOutput)
                throw located.told
            }
            throw error
        }
    }

    private func run(_ interpreter: ShellInterpreter, _ environment: CommandEnvironment) async throws {
        if let lines {
            let script = ShellScript(name: "-c", text: ShellWords.lines(lines))
            _ = try await script.run(on: interpreter, keepsGoing: keepGoing)
            return
        }
        guard environment.inputTerminal.isTerminal, environment.dataTerminal.isTerminal else {
            let text = String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
            let script = ShellScript(name: "standard input", text: text)
            _ = try await script.run(on: interpreter, keepsGoing: keepGoing)
            return
        }
        let assistant = ShellAssistant()
        let refresher = ShellRefresher(assistant: assistant, environment: environment) {
            try await interpreter.storeOptions()
        }
        let path = ShellHistory.path(environment.variables)
        let terminal = ShellTerminal(
            interpreter: interpreter,
            history: path.map { ShellHistory(path: $0) },
            refresher: refresher,
            editor: try LineEditor(assistant: assistant)
        )
        try await terminal.run()
    }
}
