import Foundation
import Subprocess

/// The programs of the system that a stack is made of.
struct StackTools: Sendable, Equatable {
    let redisServer: String
    let postgres: String
    let initdb: String

    static let installHint = "apt-get install redis-server postgresql"

    /// Looks in PATH, in the folders that Debian leaves out of it, and picks the newest postgres that has its initdb
    /// beside it.
    static func find(in folders: [String] = searchFolders()) throws(LocalStackError) -> StackTools {
        guard let redis = folders.lazy.map({ $0 + "/redis-server" }).first(where: isExecutable) else {
            throw missing("redis-server", searched: folders)
        }
        for folder in folders {
            // A link in /usr/local/bin: initdb and the libraries are beside the file it leads to.
            let server = URL(fileURLWithPath: folder + "/postgres").resolvingSymlinksInPath()
            let initdb = server.deletingLastPathComponent().path + "/initdb"
            if isExecutable(server.path), isExecutable(initdb) {
                return StackTools(redisServer: redis, postgres: server.path, initdb: initdb)
            }
        }
        throw missing("postgres (with its initdb)", searched: folders)
    }

    static func searchFolders() -> [String] {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let inPath = path.split(separator: ":").map(String.init)
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        let newestFirst = versions.compactMap { Double($0) == nil ? nil : $0 }
            .sorted { (Double($0) ?? 0) > (Double($1) ?? 0) }
            .map { "/usr/lib/postgresql/\($0)/bin" }
        return inPath + ["/usr/bin", "/usr/local/bin", "/usr/sbin"] + newestFirst
    }

    private static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

    private static func missing(_ what: String, searched: [String]) -> LocalStackError {
        LocalStackError(
            .missingBinary,
            "\(what) is not installed (searched \(searched.joined(separator: ", "))).",
            nextStep: installHint
        )
    }

    /// Runs a helper program to its end; its output belongs into the error when it fails.
    static func run(_ arguments: [String]) async throws {
        let outputLimit = 64 << 10
        let result = try await Subprocess.run(
            .path(.init(arguments[0])),
            arguments: Arguments(Array(arguments.dropFirst())),
            environment: .inherit.updating(["LC_ALL": "C.UTF-8"]),
            output: .string(limit: outputLimit),
            error: .combinedWithOutput
        )
        guard result.terminationStatus.isSuccess else {
            let output = result.standardOutput
            throw LocalStackError(
                .startFailed,
                "\(arguments.joined(separator: " ")) failed (\(result.terminationStatus)): \(output)"
            )
        }
    }
}
