import Foundation
import Testing

/// Texts as they were when somebody last looked at them, in `Fixtures`. `RECORD_SNAPSHOTS=1` writes them anew; the
/// difference is then read before it is committed.
enum Snapshot {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")

    static func expect(_ text: String, is name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let file = folder.appending(path: name + ".txt")
        if ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1" {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let recorded = try String(contentsOf: file, encoding: .utf8)
        #expect(text == recorded, "differs from Fixtures/\(name).txt:\n\(text)", sourceLocation: sourceLocation)
    }
}
