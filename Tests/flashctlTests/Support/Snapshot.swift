import Foundation
import Testing

/// A text that is kept in the repository and must not change unnoticed. `RECORD_SNAPSHOTS=1` writes it anew; the
/// difference is then read in the commit.
enum Snapshot {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static var records: Bool { ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1" }

    /// Compares a text with the file of this path, seen from the top of the repository.
    static func expect(_ text: String, in path: String, location: SourceLocation = #_sourceLocation) throws {
        let file = root.appending(path: path)
        if records {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(text.utf8).write(to: file)
        }
        let kept = try? String(contentsOf: file, encoding: .utf8)
        #expect(
            kept == text,
            "\(path) is stale: \(firstDifference(kept ?? "", text)). `make snapshots` writes it anew",
            sourceLocation: location
        )
    }

    /// Names of the files in a folder of the repository.
    static func files(in path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appending(path: path).path).sorted()
    }

    private static func firstDifference(_ kept: String, _ text: String) -> String {
        let old = kept.split(separator: "\n", omittingEmptySubsequences: false)
        let new = text.split(separator: "\n", omittingEmptySubsequences: false)
        let line =
            zip(old, new).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(old.count, new.count)
        func shown(_ lines: [Substring]) -> String { line < lines.count ? "'\(lines[line])'" : "nothing" }
        return "line \(line + 1) is \(shown(old)), not \(shown(new))"
    }
}
