import Foundation
import Testing

@testable import flashctl

/// The commands of the README are commands.
@Suite struct ReadmeCommandTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private func lines(of file: String) throws -> [Substring] {
        let text = try String(contentsOf: ReadmeCommandTests.root.appending(path: file), encoding: .utf8)
        return text.split(separator: "\n")
    }

    @Test func everyFlashctlLineIsUnderstood() throws {
        let commands = try lines(of: "README.md").filter { $0.hasPrefix(".build/release/flashctl ") }
        #expect(commands.count >= 3)
        for line in commands {
            let command = line.split(separator: "#", maxSplits: 1)[0]
            let arguments = command.split(separator: " ").dropFirst().map(String.init)
            #expect(throws: Never.self, "\(command)") { try Flashctl.parseAsRoot(arguments) }
        }
    }

    @Test func everyCommandOfTheTableExistsAndNoneIsMissing() throws {
        let rows = try lines(of: "README.md").filter { $0.hasPrefix("| `flashctl ") }
        let named = rows.compactMap { $0.split(separator: "`").dropFirst().first?.split(separator: " ").last }
        let existing = Flashctl.configuration.subcommands.compactMap { $0.configuration.commandName }
        #expect(named.map(String.init).sorted() == existing.sorted())
    }

    @Test func everyMakeTargetExists() throws {
        let targets = try lines(of: "Makefile").compactMap { line -> String? in
            guard let colon = line.firstIndex(of: ":"), line.first?.isLowercase == true else { return nil }
            return String(line[..<colon])
        }
        let named = try lines(of: "README.md").flatMap { line in
            line.matches(of: /`?make ([a-z]+)`?/).map { String($0.1) }
        }
        #expect(Set(named).isSuperset(of: ["run", "test", "bench"]))
        for target in named { #expect(targets.contains(target), "make \(target)") }
    }
}
