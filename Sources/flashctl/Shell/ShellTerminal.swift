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

    /// How long a command that was cancelled may take to end before the prompt comes back without it.
    private static let patience = Duration.milliseconds(150)

    /// Runs until Ctrl-D or `\q`. The status is 0: whoever types sees each error.
    func run() async throws {
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
        while case .line(let text) = await editor.read(prompt: prompt) {
            remember(text)
            // Pasted lines arrive as one text.
            for line in text.split(separator: "\n") {
                guard try await run(String(line), running) else { return }
            }
            await refresher.soon()
            running.forget()
            prompt = await refresher.prompt
        }
        interpreter.environment.sink.talk("\n")
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
        if case .watch(let seconds, let words) = wish {
            let watch = ShellWatch(interpreter: interpreter, seconds: seconds, words: words)
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
        for await signal in await UnixSignalsSequence(trapping: .sigint, .sigwinch, .sigterm) {
            switch signal {
            case .sigwinch: editor.post(.resize)
            case .sigint:
                // Only the editor knows whether the line is still being typed, or on its way to be run.
                if !running.interrupt() { editor.post(.drop(otherwise: { running.interruptNext() })) }
            default:
                running.interruptNext()
                editor.post(.stop)
            }
        }
    }

    private func showHistory(_ argument: String) throws {
        let count = Int(argument) ?? 20
        let lines = history?.read().suffix(max(0, count)) ?? []
        try interpreter.environment.sink.data(lines.map { $0 + "\n" }.joined())
    }

    /// Lets the last line be edited, and runs what comes out.
    private func edit(_ running: RunningCommand) async throws -> Bool {
        let file = FileManager.default.temporaryDirectory.appending(path: "flashctl-\(UUID().uuidString).txt")
        defer { try? FileManager.default.removeItem(at: file) }
        let last = await interpreter.last.map(ShellWords.quoted).joined(separator: " ")
        try Data((last + "\n").utf8).write(to: file)
        try await ShellProgram.run("${VISUAL:-${EDITOR:-vi}} \(ShellWords.quoted(file.path))")
        let text = try String(contentsOf: file, encoding: .utf8)
        for line in text.split(separator: "\n") where !line.hasPrefix("\\e") {
            interpreter.environment.sink.talk(String(line) + "\n")
            remember(String(line))
            guard try await run(String(line), running) else { return false }
        }
        return true
    }
}

/// Ctrl-Z at the prompt: readline gives the terminal back before the process stops.
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
