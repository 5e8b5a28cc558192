import FlashSaleKit
import Foundation
import Testing

@testable import flashctl

/// The shell with somebody in front of it: a real pseudo-terminal, and a screen to look at.
@Suite(.serialized) struct ShellTerminalTests {
    private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Terminal/shell.py").path

    /// Plays a scenario with stores that have a sale.
    private func play(
        _ scenario: String,
        _ arguments: [String] = [],
        _ stores: CommandStack,
        state: String
    ) async throws -> BuiltBinary.Outcome {
        try await BuiltBinary.program(
            ["/usr/bin/python3", ShellTerminalTests.script, scenario, BuiltBinary.path] + arguments,
            environment: [
                "REDIS_URL": stores.stack.redisURL, "POSTGRES_URL": stores.stack.postgresURL, "XDG_STATE_HOME": state,
                "HOME": state,
            ]
        )
    }

    private func withSale(_ body: @Sendable (CommandStack, String) async throws -> Void) async throws {
        try await CommandStack.with { stores in
            let seeded = try await stores.run(
                SeedSaleCommand.self,
                ["--name", "Lamp", "--image-url", "https://example.com/l.png", "--duration", "2h"]
            )
            #expect(seeded.status == .success)
            try await withFolder { try await body(stores, $0) }
        }
    }

    @Test(arguments: [
        "completion", "history", "search", "interrupt", "question", "terminate", "watch", "edit", "resize", "pager",
        "paste", "suspend", "away",
    ])
    func atATerminal(scenario: String) async throws {
        try await withSale { stores, state in
            let outcome = try await play(scenario, [], stores, state: state)
            #expect(outcome.status == 0, "\(outcome.talk)")
        }
    }

    /// Waits for a file that the scenario makes.
    private func file(_ path: String) async throws {
        try await eventually("the file \(path)") { FileManager.default.fileExists(atPath: path) }
    }

    @Test func bothStoresAreRestartedUnderIt() async throws {
        try await withSale { stores, state in
            async let outcome = play("reconnect", [state + "/stopped", state + "/started"], stores, state: state)
            try await file(state + "/stopped")
            try await stores.stack.stopPostgres()
            try await stores.stack.killRedis()
            // The prompt must have the time to say so.
            try await Task.sleep(for: .seconds(3))
            try await stores.stack.startRedis()
            try await stores.stack.startPostgres()
            try write("", to: state + "/started")
            let ended = try await outcome
            #expect(ended.status == 0, "\(ended.talk)")
        }
    }

    /// Typing is fluid while a source of candidates stands still; how fluid is measured in docs/SHELL.md.
    @Test func typingGoesOnWhilePostgresStandsStill() async throws {
        try await withSale { stores, state in
            async let outcome = play("echo", [state + "/ready", state + "/stopped"], stores, state: state)
            try await file(state + "/ready")
            try await stores.stack.pausePostgres()
            try write("", to: state + "/stopped")
            let ended = try await outcome
            stores.stack.resumePostgres()
            #expect(ended.status == 0, "\(ended.talk)")
            #expect(ended.output.contains("echo: "))
        }
    }
}
