import Foundation
import Synchronization

@testable import flashctl

/// Collects what a command writes.
final class CollectingSink: Sendable {
    private let texts = Mutex((data: "", talk: ""))

    var data: String { texts.withLock { $0.data } }
    var talk: String { texts.withLock { $0.talk } }

    var sink: OutputSink {
        OutputSink(
            data: { text in self.texts.withLock { $0.data += text } },
            talk: { text in self.texts.withLock { $0.talk += text } }
        )
    }

    /// An environment that sees nothing of this machine.
    func environment(
        _ variables: [String: String] = [:],
        dataTerminal: Terminal = .none,
        talkTerminal: Terminal = .none,
        answers: [String]? = nil
    ) -> CommandEnvironment {
        let sitsThere = Terminal(isTerminal: true, width: 80)
        let rest = Mutex((answers ?? [])[...])
        return CommandEnvironment(
            variables: variables,
            systemFolder: "/nonexistent",
            sink: sink,
            dataTerminal: dataTerminal,
            talkTerminal: answers == nil ? talkTerminal : sitsThere,
            inputTerminal: answers == nil ? .none : sitsThere,
            readAnswer: { rest.withLock { $0.popFirst() } }
        )
    }
}

/// A folder that is gone afterwards.
func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "flashctl-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    do {
        let result = try await body(folder.path)
        try FileManager.default.removeItem(at: folder)
        return result
    } catch {
        try FileManager.default.removeItem(at: folder)
        throw error
    }
}

/// Writes a file, with the folders above it.
func write(_ text: String, to path: String) throws {
    let url = URL(filePath: path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
}

/// Swift Testing has an `ExitStatus` of its own.
typealias Status = flashctl.ExitStatus
