import Foundation
import Logging
import Synchronization

/// What the temporary stacks of a process share: a finished data folder of postgres to copy (initdb takes a second, a
/// copy 0.1 s), and the sweep of folders whose process was killed.
actor TemporaryStacks {
    static let shared = TemporaryStacks()

    private static let prefix = "flashctl-test-"
    private static let parent = "/tmp"
    /// A younger folder may not have been locked yet by the process that makes it.
    private static let sweepAge: TimeInterval = 60
    private static let templates = Mutex<[String]>([])

    private var making: [[String]: Task<String, any Error>] = [:]
    private var lock: FileLock?

    /// A data folder made with these options of initdb; made once per process.
    func template(_ options: LocalStackOptions) async throws -> String {
        if let task = making[options.initdb] { return try await task.value }
        let task = Task { try await make(options) }
        making[options.initdb] = task
        return try await task.value
    }

    private func make(_ options: LocalStackOptions) async throws -> String {
        await TemporaryStacks.sweep()
        let layout = StackLayout(directory: try TemporaryStacks.newFolder())
        let account = try PostgresAccount.current()
        try layout.createFolders(for: account)
        let lock = try FileLock(path: layout.useLock)
        try await lock.lock(.shared, limit: .seconds(1))
        self.lock = lock
        TemporaryStacks.removeAtExit(layout.directory)
        let daemon = PostgresDaemon(layout: layout, tools: try StackTools.find(), account: account)
        try await daemon.createData(options)
        return layout.postgresData
    }

    /// A new folder of ours in /tmp.
    static func newFolder() throws(LocalStackError) -> String {
        var name = Array("\(parent)/\(prefix)XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil else {
            throw LocalStackError(.folder, "No folder can be made in \(parent): \(errnoText()).")
        }
        return String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Ends the servers of a folder and removes it with its data and sockets.
    static func remove(_ layout: StackLayout) async throws {
        let childrenLimit = Duration.seconds(5)
        // SIGQUIT lets postgres give back its shared memory; what remains after that is killed.
        let account = try PostgresAccount.current()
        let postgres = PostgresDaemon(layout: layout, tools: try StackTools.find(), account: account)
        if let process = postgres.process {
            process.signal(SIGQUIT)
            process.signal(SIGCONT)
            for child in DaemonProcess.all(in: layout.postgresData) { child.signal(SIGCONT) }
            _ = try await process.waitForExit(limit: childrenLimit)
        }
        for folder in [layout.postgresData, layout.redisData] {
            for process in DaemonProcess.all(in: folder) {
                process.signal(SIGKILL)
                _ = try await process.waitForExit(limit: childrenLimit)
            }
        }
        if let segment = postgres.leftSharedMemory {
            // It may be gone already; then there is nothing to do.
            try? await StackTools.run(["/usr/bin/ipcrm", "-m", segment])
        }
        for path in Set([layout.socketFolder, layout.directory]) where access(path, F_OK) == 0 {
            try FileManager.default.removeItem(atPath: path)
        }
    }

    /// Removes folders of temporary stacks that no process holds any more. What cannot be removed stays.
    static func sweep() async {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        for name in names where name.hasPrefix(prefix) {
            let layout = StackLayout(directory: "\(parent)/\(name)")
            var facts = stat()
            guard lstat(layout.directory, &facts) == 0, facts.st_uid == geteuid(),
                Date().timeIntervalSince1970 - TimeInterval(facts.st_mtim.tv_sec) > sweepAge,
                let lock = try? FileLock(path: layout.useLock)
            else { continue }
            if lock.tryLock(.exclusive) { try? await remove(layout) }
            lock.close()
        }
    }

    private static func removeAtExit(_ directory: String) {
        let first = templates.withLock { list in
            list.append(directory)
            return list.count == 1
        }
        if first {
            atexit {
                for path in TemporaryStacks.templates.withLock({ $0 }) {
                    try? FileManager.default.removeItem(atPath: path)
                }
            }
        }
    }
}
