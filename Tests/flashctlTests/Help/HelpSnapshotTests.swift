import Testing

@testable import flashctl

/// Help and errors as people see them. `make snapshots` writes them anew.
@Suite(.serialized) struct HelpSnapshotTests {
    @Test func theHelpOfEveryCommand() async throws {
        let commands = try await ToolInfo.read().commands.map { Array($0.words.dropFirst()) }
        for words in [[]] + commands {
            let outcome = try await BuiltBinary.run(words + ["--help"])
            #expect(outcome.status == 0)
            #expect(outcome.talk.isEmpty)
            let name = (["flashctl"] + words).joined(separator: "-")
            try Snapshot.expect(outcome.output, in: "Tests/Snapshots/help/\(name).txt")
        }
        let kept = try Snapshot.files(in: "Tests/Snapshots/help").filter { $0.hasPrefix("flashctl") }
        #expect(kept.count == commands.count + 1)
    }

    /// What is typed wrongly, and what is said about it: no store is needed for any of it.
    private static let mistakes: [[String]] = [
        [], ["stauts"], ["config", "shwo"], ["help", "config", "shwo"], ["--verison"], ["status", "--hlep"],
        ["rotate-hour", "--timeout", "5"], ["replay-attempts", "--sale", "all"],
        ["config", "show", "--postgres", "postgres:/f:s3cret@db/x"], ["status", "--sal", "3"],
        ["status", "--sale", "abc"], ["status", "--local", "--redis", "r"],
        ["status"], ["status", "-o", "xml"], ["verify", "--sale", "0"], ["seed-sale"],
        ["seed-sale", "--name", "L", "--image-url", "u", "--stock", "0"],
        ["seed-sale", "--name", "L", "--image-url", "u", "--start", "2026-02-30T00:00:00Z"],
        ["reconcile"], ["reconcile", "--apply"], ["rotate-hour", "--hourly-stock", "none"],
        ["loadtest", "--requests", "0"], ["migrate", "--config", "/nonexistent.yaml"],
        ["doctor", "--redis", "ftp://x", "--postgres", "postgres://127.0.0.1:1/x"],
    ]

    @Test func theAnswersToMistakes() async throws {
        var text = ""
        for arguments in HelpSnapshotTests.mistakes {
            let outcome = try await BuiltBinary.run(arguments)
            text += "$ flashctl \(arguments.joined(separator: " "))\n"
            text += outcome.output.isEmpty ? "" : "(\(outcome.output.split(separator: "\n").count) lines of help)\n"
            text += outcome.talk + "exit status \(outcome.status)\n\n"
            if !arguments.isEmpty { #expect(outcome.status != 0, "\(arguments)") }
        }
        try Snapshot.expect(text, in: "Tests/Snapshots/errors.txt")
    }
}
