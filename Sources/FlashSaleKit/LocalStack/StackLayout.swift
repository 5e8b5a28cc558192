import Crypto
import Foundation

/// Where everything of a stack lies.
struct StackLayout: Sendable, Equatable {
    /// Longest path that fits into `sockaddr_un`.
    static let longestSocketPath = 107
    static let postgresPort = 5432

    let directory: String
    /// Holds the sockets; inside `directory` unless that path is too long for a socket.
    let socketFolder: String

    init(directory: String) {
        self.directory = directory
        let inside = directory + "/run"
        let longest = "\(inside)/postgres/.s.PGSQL.\(StackLayout.postgresPort)"
        if longest.utf8.count <= StackLayout.longestSocketPath {
            socketFolder = inside
        } else {
            let digest = SHA256.hash(data: Data(directory.utf8)).prefix(6)
            let name = digest.map { String(format: "%02x", $0) }.joined()
            socketFolder = "/tmp/flashctl-\(getuid())-\(name)"
        }
    }

    /// `$XDG_STATE_HOME/flashctl/local`, by default below `~/.local/state`.
    static func defaultDirectory(environment: [String: String]) throws(LocalStackError) -> String {
        // The XDG specification: a relative path is to be ignored.
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") { return state + "/flashctl/local" }
        if let home = environment["HOME"], home.hasPrefix("/") { return home + "/.local/state/flashctl/local" }
        throw LocalStackError(
            .folder,
            "There is no folder for the private stores: neither XDG_STATE_HOME nor HOME is an absolute path.",
            nextStep: "set XDG_STATE_HOME"
        )
    }

    var redisData: String { directory + "/redis" }
    var redisConfiguration: String { directory + "/redis.conf" }
    var redisPIDFile: String { directory + "/redis.pid" }
    var redisLog: String { directory + "/redis.log" }
    var redisSocket: String { socketFolder + "/redis.sock" }
    var postgresData: String { directory + "/postgres" }
    /// initdb works here, and the result is renamed: a folder named `postgresData` is always complete.
    var postgresNewData: String { directory + "/postgres.new" }
    var postgresPIDFile: String { postgresData + "/postmaster.pid" }
    var postgresLog: String { directory + "/postgres.log" }
    var postgresSocketFolder: String { socketFolder + "/postgres" }
    var postgresSocket: String { "\(postgresSocketFolder)/.s.PGSQL.\(StackLayout.postgresPort)" }
    var useLock: String { directory + "/use.lock" }
    var startLock: String { directory + "/start.lock" }

    /// Makes the folders that are missing. Those of another owner, and their rights, are left alone.
    func createFolders(for account: PostgresAccount) throws {
        // As root the account of postgres must be able to walk through; the data folders inside are closed.
        let mode: mode_t = account.isSelf ? 0o700 : 0o711
        try StackLayout.createPath(directory)
        try StackLayout.own(directory, mode: mode)
        if socketFolder != directory + "/run" || access(socketFolder, F_OK) != 0 {
            try StackLayout.createPath(socketFolder)
        }
        try StackLayout.own(socketFolder, mode: mode)
        try StackLayout.createPath(redisData)
        try StackLayout.own(redisData, mode: 0o700)
        try StackLayout.createPath(postgresSocketFolder)
        try account.own(postgresSocketFolder)
    }

    private static func createPath(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw LocalStackError(
                .folder,
                "The folder \(path) cannot be made: \(error.localizedDescription)",
                nextStep: "choose another one with XDG_STATE_HOME",
                underlying: error
            )
        }
    }

    /// The folder must be a real one and ours: in /tmp somebody else may have been there first.
    private static func own(_ path: String, mode: mode_t) throws {
        var facts = stat()
        guard lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR, facts.st_uid == geteuid() else {
            throw LocalStackError(
                .folder,
                "\(path) is not a folder of this user (uid \(geteuid())).",
                nextStep: "remove it, run as its owner, or choose another folder with XDG_STATE_HOME"
            )
        }
        guard facts.st_mode & 0o777 == mode || chmod(path, mode) == 0 else {
            throw LocalStackError(.folder, "The rights of \(path) cannot be set: \(errnoText()).")
        }
    }
}
