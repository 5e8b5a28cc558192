import Foundation
import Testing

@testable import flashctl

/// The manual in `man/` and the scripts in `completions/` say what the program does.
@Suite(.serialized) struct ManualTests {
    private func pages() async throws -> [ManualPage] {
        let info = try await ToolInfo.read()
        let names = info.commands.map { $0.words.joined(separator: "-") }
        let root = ManualPage(words: ["flashctl"], command: info.command, others: names)
        return [root] + info.commands.map { ManualPage(words: $0.words, command: $0.command, others: names) }
    }

    @Test func everyCommandHasItsPage() async throws {
        let pages = try await pages()
        for page in pages { try Snapshot.expect(page.text, in: "man/\(page.name).1") }
        #expect(try Snapshot.files(in: "man") == pages.map { $0.name + ".1" }.sorted())
        let names = Flashctl.configuration.subcommands.compactMap { $0.configuration.commandName }
        for name in names { #expect(pages.contains { $0.name == "flashctl-\(name)" }) }
    }

    /// groff warns about what it cannot set.
    @Test func thePagesAreSetWithoutAWarning() async throws {
        for page in try await pages() {
            let outcome = try await BuiltBinary.script(
                "printf '%s' \"$PAGE\" | groff -mdoc -Tutf8 -ww 2>&1 >/dev/null",
                environment: ["PAGE": page.text]
            )
            #expect(outcome.output.isEmpty, "\(page.name): \(outcome.output)")
        }
    }

    @Test(arguments: [("bash", "flashctl.bash"), ("zsh", "_flashctl"), ("fish", "flashctl.fish")])
    func theCompletionScriptsAreCurrent(shell: String, file: String) async throws {
        let outcome = try await BuiltBinary.run(["--generate-completion-script", shell])
        #expect(outcome.status == 0)
        try Snapshot.expect(outcome.output, in: "completions/\(file)")
    }
}
