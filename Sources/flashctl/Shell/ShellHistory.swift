import FlashSaleKit
import Foundation

/// The lines that were typed, in a file that several shells share: each appends its lines in one write under a lock.
/// Codes are worth money and addresses may hold passwords: neither is kept, nor a line that begins with a space.
struct ShellHistory: Sendable {
    /// Lines that are kept.
    static let most = 10_000

    let path: String

    /// `$XDG_STATE_HOME/flashctl/history`; nil without a home.
    static func path(_ variables: [String: String]) -> String? {
        if let state = variables["XDG_STATE_HOME"], state.hasPrefix("/") { return state + "/flashctl/history" }
        if let home = variables["HOME"], home.hasPrefix("/") { return home + "/.local/state/flashctl/history" }
        return nil
    }

    /// The last lines, the oldest first.
    func read() -> [String] {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
        return text.split(separator: "\n").suffix(ShellHistory.most).map(String.init)
    }

    /// Whether a line may be kept.
    static func mayKeep(_ line: String) -> Bool {
        guard let first = line.first, first != " ", !line.contains("\n") else { return false }
        // A code stands anywhere: in quotes, in a URL, in front of a semicolon.
        let tokens = line.split { !($0.isLetter || $0.isNumber || $0 == "-") }
        if tokens.contains(where: { HoldCode(parsing: Array($0.utf8)) != nil }) { return false }
        let words = line.split { $0 == " " || $0 == "\t" || $0 == "=" || $0 == "'" || $0 == "\"" }
        return !words.contains(where: isSecret)
    }

    /// What stands in lines with a secret.
    private static let secretWords = ["password", "passwd", "secret", "token", "requirepass", "masterauth", "apikey"]

    /// A URL with a password, or a word that announces one.
    private static func isSecret(_ word: Substring) -> Bool {
        let lower = word.lowercased()
        if lower == "auth" || secretWords.contains(where: lower.contains) { return true }
        guard let scheme = word.firstRange(of: "://"), let at = word[scheme.upperBound...].firstIndex(of: "@") else {
            return false
        }
        return word[scheme.upperBound..<at].contains(":")
    }

    /// Adds a line if it may be kept.
    func append(_ line: String) throws(CommandFailure) {
        guard ShellHistory.mayKeep(line) else { return }
        let folder = (path as NSString).deletingLastPathComponent
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure() }
        defer { close(file) }
        fchmod(file, 0o600)
        guard flock(file, LOCK_EX) == 0 else { throw failure() }
        let bytes = Array((line + "\n").utf8)
        guard write(file, bytes, bytes.count) == bytes.count else { throw failure() }
        try shorten(file)
    }

    /// Cuts the oldest lines off once there are a tenth too many.
    private func shorten(_ file: Int32) throws(CommandFailure) {
        var facts = stat()
        // No line is shorter than two bytes: a small file has not too many.
        guard fstat(file, &facts) == 0, facts.st_size > ShellHistory.most * 2 else { return }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return }
        let lines = text.split(separator: "\n")
        guard lines.count > ShellHistory.most + ShellHistory.most / 10 else { return }
        let kept = Array((lines.suffix(ShellHistory.most).joined(separator: "\n") + "\n").utf8)
        // In place: another shell may have the file open and wait for the lock.
        guard ftruncate(file, 0) == 0, write(file, kept, kept.count) == kept.count else { throw failure() }
    }

    private func failure() -> CommandFailure {
        CommandFailure(
            .failure,
            "the history \(path) cannot be written: \(String(cString: strerror(errno)))",
            nextStep: "check the rights of its folder"
        )
    }
}
