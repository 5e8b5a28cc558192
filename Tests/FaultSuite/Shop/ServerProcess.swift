import Foundation
import Synchronization
import TestSupport

/// A `flashctl serve` of its own, which the suite kills and stops as it likes.
///
/// `@unchecked Sendable`: `Process` is only touched by `init` and, through its thread-safe readers, afterwards.
final class ServerProcess: @unchecked Sendable {
    private let process: Process
    let log: String
    let pid: pid_t
    private let knownPort = Mutex<Int?>(nil)

    /// Processes that run, to be killed when the suite is interrupted.
    private static let running = Mutex<Set<pid_t>>([])

    init(_ arguments: [String], environment: [String: String], log: String) throws {
        process = Process()
        process.executableURL = URL(filePath: arguments[0])
        process.arguments = Array(arguments.dropFirst())
        process.environment = ["PATH": "/usr/local/bin:/usr/bin:/bin"].merging(environment) { $1 }
        try Data().write(to: URL(filePath: log))
        let output = try FileHandle(forWritingTo: URL(filePath: log))
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        self.log = log
        try process.run()
        pid = process.processIdentifier
        try output.close()
        ServerProcess.running.withLock { _ = $0.insert(pid) }
    }

    var isRunning: Bool { process.isRunning }

    /// The exit status, or 128 plus the signal that ended it; nil while it runs.
    var status: Int32? {
        guard !process.isRunning else { return nil }
        return process.terminationReason == .uncaughtSignal
            ? 128 + process.terminationStatus : process.terminationStatus
    }

    /// Everything it has said so far.
    var talk: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

    /// The port it listens on, once it has said so.
    var port: Int? {
        if let known = knownPort.withLock({ $0 }) { return known }
        let beginning = "listening on http://127.0.0.1:"
        let line = talk.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            .first { $0.hasPrefix(beginning) }
        let port = line.flatMap { Int($0.dropFirst(beginning.count)) }
        knownPort.withLock { $0 = port }
        return port
    }

    func signal(_ number: Int32) {
        if process.isRunning { kill(pid, number) }
    }

    /// Whether SIGSTOP has taken effect, by the signal or by a failpoint.
    var isStopped: Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let afterName = text.lastIndex(of: ")")
        else { return false }
        return text[afterName...].dropFirst().drop { $0 == " " }.first == "T"
    }

    /// Waits for its end; its status, nil when it still runs after `limit`.
    func end(within limit: Duration) async throws -> Int32? {
        let deadline = ContinuousClock.now + limit
        while process.isRunning {
            guard ContinuousClock.now < deadline else { return nil }
            try await Task.sleep(for: .milliseconds(5))
        }
        forget()
        return status
    }

    /// `kill -9`, also of one that stands still.
    func destroy() async {
        signal(SIGKILL)
        // A task of its own: a run that was cancelled has to clean up all the same.
        await Task { [self] in _ = try? await end(within: TestPatience.limit) }.value
        forget()
    }

    private func forget() {
        ServerProcess.running.withLock { _ = $0.remove(pid) }
    }

    /// For the signal that ends the suite.
    static func killAll() {
        for pid in running.withLock({ $0 }) { kill(pid, SIGKILL) }
    }
}
