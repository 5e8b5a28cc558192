import FlashSaleKit
import Foundation
import Testing

/// The state folder of a user of our own, with the private stores of `--local` in it.
struct LocalFolder: Sendable {
    let path: String

    /// Runs `body` with a new folder. Stores that still run afterwards are killed, and the folder is removed.
    static func with(_ body: @Sendable (LocalFolder) async throws -> Void) async throws {
        // Short: the sockets of the stores lie in it.
        var name = Array("/tmp/flashctl-e2e-XXXXXX".utf8CString)
        try #require(mkdtemp(&name) != nil)
        let folder = LocalFolder(path: String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
        defer { folder.remove() }
        // As root, postgres runs as another user, who has to get in.
        try #require(chmod(folder.path, 0o711) == 0)
        try await body(folder)
    }

    var environment: [String: String] { ["XDG_STATE_HOME": path, "HOME": path] }
    var redisPID: pid_t { get throws { try ProcessTable.pid(inFile: path + "/flashctl/local/redis.pid") } }
    var postgresPID: pid_t {
        get throws { try ProcessTable.pid(inFile: path + "/flashctl/local/postgres/postmaster.pid") }
    }

    /// Runs a command on the stores of this folder.
    func run(_ arguments: String...) async throws -> BuiltBinary.Outcome {
        try await BuiltBinary.run(arguments + ["--local"], environment: environment)
    }

    /// The first row of a statement, as text.
    func row(_ statement: String) async throws -> [String?] {
        let socket = path + "/flashctl/local/run/postgres"
        return try await TestDatabase.rows(statement, at: "host=\(socket) user=postgres dbname=postgres").first ?? []
    }

    private func remove() {
        for pid in [try? redisPID, try? postgresPID].compactMap(\.self) where ProcessTable.isRunning(pid) {
            kill(pid, SIGKILL)
        }
        // Only what a killed postgres still writes may resist; the system empties /tmp.
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// Reads tables for tests.
enum TestDatabase {
    /// All rows of a statement, as text.
    static func rows(_ statement: String, at endpoint: String) async throws -> [[String?]] {
        let postgres = try await PostgresConnection.connect(to: PostgresEndpoint(parsing: endpoint))
        let rows = try await postgres.query(SQL(unsafeRaw: statement), timeout: .seconds(60))
        let texts = try rows.map { row in try (0..<row.count).map { try row[$0].optional?.text } }
        await postgres.close()
        return texts
    }
}
