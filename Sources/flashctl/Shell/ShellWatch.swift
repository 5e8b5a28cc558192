import FlashSaleKit
import Synchronization

/// `\watch`: the output of a command, renewed in its place.
struct ShellWatch: Sendable {
    let interpreter: ShellInterpreter
    let seconds: Double
    /// A command as it was typed.
    let line: String

    /// Runs until it is cancelled. What fails is shown, and tried again.
    func run() async throws {
        let sink = interpreter.environment.sink
        try sink.data(WatchScreen.enter)
        while true {
            let collected = Mutex("")
            var failure: CommandFailure?
            do {
                try await interpreter.collect(line) { text in collected.withLock { $0 += text } }
            } catch {
                try Task.checkCancellation()
                failure = FailureReport.failure(for: error)
            }
            var text = collected.withLock { $0 }
            if let failure { text += failure.message + "\n" + (failure.nextStep.map { "  next step: \($0)\n" } ?? "") }
            let terminal = interpreter.environment.measuredAgain() ?? interpreter.environment.dataTerminal
            let footer = "\(line)   every \(NumberText.decimal(seconds, digits: 1)) s, Ctrl-C ends"
            try sink.data(WatchScreen.frame(text, footer: footer, terminal: terminal))
            try await Task.sleep(for: .seconds(seconds))
        }
    }
}
