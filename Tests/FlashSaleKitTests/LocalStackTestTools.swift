import Foundation
import Logging
import Subprocess
@_exported import TestSupport

@testable import FlashSaleKit

let quietLogger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

/// The output of a program, without the last line feed. Throws when it fails.
func output(_ arguments: [String]) async throws -> String {
    let result = try await Subprocess.run(
        .name(arguments[0]),
        arguments: Arguments(Array(arguments.dropFirst())),
        output: .string(limit: 1 << 20),
        error: .string(limit: 1 << 20)
    )
    guard result.terminationStatus.isSuccess else {
        throw ProgramFailed(description: "\(arguments): \(result.standardError)")
    }
    return result.standardOutput.trimmingCharacters(in: .newlines)
}

struct ProgramFailed: Error, CustomStringConvertible {
    let description: String
}

/// One command through redis-cli.
func redis(_ stack: LocalStack, _ arguments: String...) async throws -> String {
    try await output(["redis-cli", "-s", stack.redisSocket] + arguments)
}

/// SQL through psql.
func psql(_ stack: LocalStack, _ sql: String) async throws -> String {
    try await output(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", stack.postgresURL, "-c", sql])
}

/// The state letter of a process in /proc, nil when it is gone.
func state(_ pid: Int32) -> Character? {
    guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
        let end = text.lastIndex(of: ")")
    else { return nil }
    return text[text.index(after: end)...].first { $0 != " " }
}

/// Running; a zombie is dead.
func isAlive(_ pid: Int32) -> Bool {
    guard let state = state(pid) else { return false }
    return state != "Z"
}
