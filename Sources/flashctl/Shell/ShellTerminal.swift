@preconcurrency import Dispatch
import FlashSaleKit
import Foundation
import UnixSignals

/// A shell with a person in front of it.
struct ShellTerminal: Sendable {
    let interpreter: ShellInterpreter
    let history: ShellHistory?
    let refresher: ShellRefresher
    let editor: LineEditor
    let answer: TerminalAnswer

    /// How long a command that was cancelled may take to end before the prompt comes back without it.
    private static let patience = Duration.milliseconds(150)

    /// Runs until Ctrl-D or `\q`, with success: whoever types sees each error. SIGTERM and a window that is closed end
    /// it as terminated.
    func run() async throws -> ExitStatus {
        for line in history?.read() ?? [] { editor.post(.remember(line)) }
        let running = RunningCommand()
        let signals = Task { await listen(running) }
        let suspension = Suspension(editor)
        let refreshing = Task {
            await refresher.run { prompt in editor.post(.prompt(prompt)) }
        }
        defer {
            signals.cancel()
            refreshing.cancel()
            suspension.cancel()
            editor.post(.stop)
        }
        var prompt = await refresher.firstPrompt()
        while !running.isTerminated, case .line(let text) = await editor.read(prompt: prompt) {
            // Pasted lines arrive as one text.
            let lines = text.split(whereSeparator: \.isNewline).map(String.init)
            lines.forEach(remember)
            for command in lines.flatMap(ShellWords.commands) where !running.isTerminated {
                guard try await run(command, running) else { return .success }
            }
            await refresher.soon()
            running.forget()
            prompt = await refresher.prompt
        }
        interpreter.environment.sink.talk("\n")
        return running.isTerminated ? .terminated : .success
    }

    private func remember(_ text: String) {
        guard ShellHistory.mayKeep(text) else { return }
        editor.post(.remember(text))
        do {
            try history?.append(text)
        } catch {
            interpreter.environment.talkOutput.say(error)
        }
    }

    /// Whether the shell goes on.
    private func run(_ line: String, _ running: RunningCommand) async throws -> Bool {
        if let meta = try? ShellLine(line), case .meta(let name, let argument) = meta {
            if name == "history" { try showHistory(argument); return true }
            if name == "e" { return try await edit(running) }
        }
        var wish: ShellInterpreter.Wish?
        let output = interpreter.environment.talkOutput
        switch await run(running, { try await interpreter.run(line) }) {
        case .success(let asked): wish = asked
        case .failure(let error): tell(error, output)
        }
        if case .watch(let seconds, let line) = wish {
            let watch = ShellWatch(interpreter: interpreter, seconds: seconds, line: line)
            let result = await run(running) {
                try await watch.run()
                return nil
            }
            try interpreter.environment.sink.data(WatchScreen.leave)
            if case .failure(let error) = result, !(error is CancellationError) { tell(error, output) }
        }
        return wish != .leave
    }

    private func tell(_ error: any Error, _ output: Output) {
        if let located = error as? ScriptError { return located.tell(output) }
        if let failure = FailureReport.failure(for: error) { output.say(failure) }
    }

    /// Runs something that Ctrl-C ends.
    private func run(
        _ running: RunningCommand,
        _ body: @escaping @Sendable () async throws -> ShellInterpreter.Wish?
    ) async -> Result<ShellInterpreter.Wish?, any Error> {
        let (stream, continuation) = AsyncStream.makeStream(of: RunningCommand.Happening.self)
        running.begin(continuation)
        defer { running.end() }
        let task = Task {
            let result: Result<ShellInterpreter.Wish?, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            continuation.yield(.ended(result))
        }
        for await happening in stream {
            switch happening {
            case .ended(let result): return result
            case .interrupted:
                task.cancel()
                Task {
                    try await Task.sleep(for: ShellTerminal.patience)
                    continuation.yield(.waitedEnough)
                }
            case .waitedEnough:
                interpreter.environment.talkOutput.say("The command still ends in the background.", style: .dim)
                return .success(nil)
            }
        }
        return .success(nil)
    }

    /// Ctrl-C drops the line that is typed, or ends what runs; the size of the window is readline's business.
    private func listen(_ running: RunningCommand) async {
        for await signal in await UnixSignalsSequence(trapping: .sigint, .sigwinch, .sigterm, .sighup) {
            switch signal {
            case .sigwinch: editor.post(.resize)
            // A pager, an editor or another program has the terminal: the key was for it.
            case .sigint where ShellProgram.isInFront: break
            case .sigint:
                answer.cancel()
                // Only the editor knows whether the line is still being typed, or on its way to be run.
                if !running.interrupt() { editor.post(.drop(otherwise: { running.interruptNext() })) }
            default:
                running.terminate()
                answer.cancel()
                editor.post(.stop)
            }
        }
    }

    private func showHistory(_ argument: String) throws {
        let count = Int(argument) ?? 20
        let lines = history?.read().suffix(max(0, count)) ?? []
        try interpreter.environment.sink.data(lines.map { $0 + "\n" }.joined())
    }

    /// Lets the last line be edited, and runs what comes out, unless the editor fails or nothing was changed.
    private func edit(_ running: RunningCommand) async throws -> Bool {
        let last = await interpreter.lastLine
        let edited: String?
        do {
            edited = try await ShellEdit.edited(last, interpreter.environment.variables)
        } catch {
            tell(error, interpreter.environment.talkOutput)
            return true
        }
        guard let edited else {
            interpreter.environment.talkOutput.say("Nothing was changed, and nothing is run.", style: .dim)
            return true
        }
        for line in edited.split(whereSeparator: \.isNewline) where !line.hasPrefix("\\e") {
            interpreter.environment.sink.talk(String(line) + "\n")
            remember(String(line))
            for command in ShellWords.commands(String(line)) {
                guard try await run(command, running) else { return false }
            }
        }
        return true
    }
}

/// Ctrl-Z: readline gives the terminal back before the process stops, and a program in front stops with it.
private final class Suspension {
    private let source: any DispatchSourceSignal

    init(_ editor: LineEditor) {
        signal(SIGTSTP, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: SIGTSTP, queue: .global())
        source.setEventHandler { editor.post(.suspend) }
        source.resume()
    }

    func cancel() { source.cancel() }
}
