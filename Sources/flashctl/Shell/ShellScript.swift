import Collections
import Dispatch
import FlashSaleKit
import Foundation
import Synchronization

/// Lines that nobody types: of a file, of standard input or of `-c`. They stop at the first error.
struct ShellScript: Sendable {
    /// The deepest that files may include each other.
    private static let deepest = 16

    /// What stands in front of errors.
    let name: String
    /// The next line; nil at the end.
    private let nextLine: @Sendable () async -> String?

    init(name: String, text: String) {
        self.name = name
        let lines = Mutex(Deque(text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)))
        nextLine = { lines.withLock { $0.popFirst() }.map(String.init) }
    }

    /// Standard input, line by line: each is run before the next one is waited for.
    static var standardInput: ShellScript {
        // Reading waits for as long as nobody writes: not on a thread that others need.
        let queue = DispatchQueue(label: "flashctl.standard-input")
        return ShellScript(name: "standard input") {
            await withCheckedContinuation { continuation in
                queue.async { continuation.resume(returning: readLine()) }
            }
        }
    }

    private init(name: String, nextLine: @escaping @Sendable () async -> String?) {
        self.name = name
        self.nextLine = nextLine
    }

    /// Reads a file.
    init(path: String) throws(CommandFailure) {
        do {
            self.init(name: path, text: try String(contentsOfFile: path, encoding: .utf8))
        } catch {
            throw CommandFailure(.badInput, "cannot read \(path): \(error.localizedDescription)")
        }
    }

    /// Runs all lines.
    ///
    /// - Parameter keepsGoing: whether errors are told and passed over; the last one decides the status.
    func run(on interpreter: ShellInterpreter, keepsGoing: Bool) async throws -> ShellInterpreter.Wish? {
        try await interpreter.enter(name, deepest: ShellScript.deepest)
        do {
            let wish = try await runLines(on: interpreter, keepsGoing: keepsGoing)
            await interpreter.leave()
            return wish
        } catch {
            await interpreter.leave()
            throw error
        }
    }

    private func runLines(
        on interpreter: ShellInterpreter,
        keepsGoing: Bool
    ) async throws -> ShellInterpreter.Wish? {
        var last: (any Error)?
        var wish: ShellInterpreter.Wish?
        var number = 0
        reading: while let line = await nextLine() {
            number += 1
            for command in ShellWords.commands(line) {
                do {
                    wish = try await interpreter.run(command)
                    if case .watch = wish {
                        let instead = "use `--watch` of the command"
                        throw CommandFailure(.usage, "\\watch needs a terminal", nextStep: instead)
                    }
                    if wish == .leave { break reading }
                } catch {
                    let located = ScriptError.at("\(name):\(number)", error)
                    guard keepsGoing, !(error is CancellationError) else { throw located }
                    located.tell(interpreter.environment.talkOutput)
                    last = located.told
                }
            }
        }
        // Leaving is no pardon.
        if let last { throw last }
        return wish
    }
}

/// An error of a script, with its place; it ends with the status of the command.
struct ScriptError: Error {
    var place: String
    var underlying: any Error

    /// The innermost place counts.
    static func at(_ place: String, _ error: any Error) -> ScriptError {
        (error as? ScriptError) ?? ScriptError(place: place, underlying: error)
    }

    /// The same without words.
    var told: SilentExit { SilentExit(FailureReport.status(for: underlying)) }

    /// What to say; the command may have said everything itself.
    var failure: CommandFailure? {
        guard var failure = FailureReport.failure(for: underlying) else {
            let status = FailureReport.status(for: underlying)
            return CommandFailure(status, "\(place): stopped with status \(status.rawValue)")
        }
        failure.message = "\(place): \(failure.message)"
        return failure
    }

    func tell(_ output: Output) {
        if let failure { output.say(failure) }
    }
}

extension ShellInterpreter {
    /// Notes that a file is being read.
    func enter(_ name: String, deepest: Int) throws(CommandFailure) {
        guard includes.count < deepest else {
            throw CommandFailure(.usage, "files include each other too deeply: \(name)")
        }
        includes.append(name)
    }

    /// The file is done.
    func leave() {
        _ = includes.popLast()
    }
}
