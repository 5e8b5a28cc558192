import Foundation
import Subprocess
import Testing

/// A built `flashctl` that runs beside the test; what it says goes into a file.
struct RunningBinary: Sendable {
    let pid: pid_t
    private let log: String

    /// Runs it while `body` lasts. Afterwards it is killed, unless it has ended; returns what `body` returned, and the
    /// exit status, or 128 plus the signal that ended it.
    static func running<Value: Sendable>(
        _ arguments: [String],
        environment: [String: String] = [:],
        _ body: @Sendable (RunningBinary) async throws -> Value
    ) async throws -> (value: Value, status: Int32) {
        let log = FileManager.default.temporaryDirectory.appending(path: "flashctl-log-\(UUID().uuidString)").path
        var variables: [Environment.Key: String] = ["PATH": "/usr/local/bin:/usr/bin:/bin", "LOG": log]
        for (name, value) in environment { variables[Environment.Key(stringLiteral: name)] = value }
        // `exec`: the process id is that of flashctl itself.
        let result = try await Subprocess.run(
            .path("/bin/bash"),
            arguments: Arguments(["-c", "exec \"$0\" \"$@\" 2>\"$LOG\"", BuiltBinary.path] + arguments),
            environment: .custom(variables),
            input: .none,
            output: .discarded,
            error: .discarded
        ) { execution in
            let binary = RunningBinary(pid: execution.processIdentifier.value, log: log)
            let result: Result<Value, any Error>
            do { result = .success(try await body(binary)) } catch { result = .failure(error) }
            if binary.isRunning { try execution.send(signal: .kill) }
            return result
        }
        let talk = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        try? FileManager.default.removeItem(atPath: log)
        do {
            let value = try result.closureResult.get()
            switch result.terminationStatus {
            case .exited(let code): return (value, code)
            case .signaled(let signal): return (value, 128 + signal)
            }
        } catch {
            Issue.record("flashctl \(arguments.joined(separator: " ")) said:\n\(talk)")
            throw error
        }
    }

    /// Runs `flashctl serve` on a free port and hands over the port when it listens.
    static func serving<Value: Sendable>(
        _ arguments: [String],
        environment: [String: String] = [:],
        _ body: @Sendable (_ server: RunningBinary, _ port: Int) async throws -> Value
    ) async throws -> (value: Value, status: Int32) {
        let variables = environment.merging(["PORT": "0"]) { $1 }
        return try await running(["serve", "--host", "127.0.0.1"] + arguments, environment: variables) {
            let address = try await $0.said("listening on http://127.0.0.1:")
            return try await body($0, try #require(Int(address)))
        }
    }

    /// Everything it has said so far.
    var talk: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

    /// Waits until it has said a whole line that begins so; the rest of that line.
    func said(_ beginning: String) async throws -> String {
        var rest: String?
        try await eventually("`\(beginning)` of it") {
            let lines = talk.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            if let line = lines.first(where: { $0.hasPrefix(beginning) }) {
                rest = String(line.dropFirst(beginning.count))
                return true
            }
            try #require(isRunning, "it ended before it said `\(beginning)`")
            return false
        }
        return try #require(rest)
    }

    /// Sends a signal and waits until the process has ended.
    func end(by signal: Int32) async throws {
        kill(pid, signal)
        try await ended()
    }

    /// Waits until the process has ended.
    func ended() async throws {
        try await eventually("the end of process \(pid)") { !isRunning }
    }

    private var isRunning: Bool { ProcessTable.isRunning(pid) }
}

/// It did not say in time what was awaited.
struct SilentBinary: Error {
    let awaited: String
}

/// What the system knows of processes.
enum ProcessTable {
    /// Whether a process is there and has not ended; nobody may have collected it yet.
    static func isRunning(_ pid: pid_t) -> Bool {
        guard let state = state(pid) else { return false }
        return state != "Z" && state != "X"
    }

    /// Whether it stands still after SIGSTOP.
    static func isStopped(_ pid: pid_t) -> Bool { state(pid) == "T" }

    private static func state(_ pid: pid_t) -> Character? {
        guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let afterName = status.lastIndex(of: ")")
        else { return nil }
        return status[status.index(after: afterName)...].drop { $0 == " " }.first
    }

    /// The process id at the beginning of a file.
    static func pid(inFile path: String) throws -> pid_t {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return try #require(text.split(whereSeparator: \.isNewline).first.flatMap { pid_t($0) })
    }
}
