import Foundation

/// `\\e`: a line in the editor of the person.
enum ShellEdit {
    /// What the editor has made of it; nil when it is the same.
    /// - Throws: ``CommandFailure`` when the editor fails: then the line is not to be run.
    static func edited(_ line: String, _ variables: [String: String]) async throws -> String? {
        let path = FileManager.default.temporaryDirectory.appending(path: "flashctl-\(UUID().uuidString).txt").path
        // A line may hold a code: nobody else reads it.
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure(path) }
        defer { unlink(path) }
        let bytes = Array((line + "\n").utf8)
        let written = write(file, bytes, bytes.count)
        close(file)
        guard written == bytes.count else { throw failure(path) }
        let editor = ["VISUAL", "EDITOR"].lazy.compactMap { variables[$0] }.first { !$0.isEmpty } ?? "vi"
        let status = try await ShellProgram("\(editor) \(ShellWords.quoted(path))", takesInput: false).finish()
        guard status == 0 else {
            throw CommandFailure(.failure, "nothing is run: `\(editor)` ended with status \(status)")
        }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return text == line + "\n" ? nil : text
    }

    private static func failure(_ path: String) -> CommandFailure {
        CommandFailure(.failure, "cannot write \(path): \(String(cString: strerror(errno)))")
    }
}
