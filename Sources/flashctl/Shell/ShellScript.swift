import FlashSaleKit
import Foundation

/// Lines that nobody types: of a file, of standard input or of `-c`. They stop at the first error.
struct ShellScript: Sendable {
    /// The deepest that files may include each other.
    private static let deepest = 16

    /// What stands in front of errors.
    let name: String
    let text: String

    init(name: String, text: String) {
        self.name = name
        self.text = text
    }

    /// Reads a file.
    init(path: String) throws(CommandFailure) {
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw CommandFailure(.badInput, "cannot read \(path): \(error.localizedDescription)")
        }
        name = path
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
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            do {
                switch try await interpreter.run(String(line)) {
                case .leave: return .leave
                case .watch:
                    throw CommandFailure(.usage, "\\watch needs a terminal", nextStep: "use `--watch` of the command")
                case nil: break
                }
            } catch {
                let located = ScriptError.at("\(name):\(index + 1)", error)
                guard keepsGoing, !(error is CancellationError) else { throw located }
                located.tell(interpreter.environment.talkOutput)
                last = located.told
            }
        }
        if let last { throw last }
        return nil
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
