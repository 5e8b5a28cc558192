import Foundation

/// The postgres of a stack.
struct PostgresDaemon: Sendable {
    let layout: StackLayout
    let tools: StackTools
    let account: PostgresAccount

    /// The running server, if there is one.
    var process: DaemonProcess? {
        guard let first = pidFileLines.first, let pid = pid_t(first) else { return nil }
        let process = DaemonProcess(pid: pid, folder: layout.postgresData)
        return process.isOurs ? process : nil
    }

    /// Makes the data folder: by initdb, or as a copy of a finished one.
    func createData(_ options: LocalStackOptions, template: String? = nil) async throws {
        guard access(layout.postgresData + "/PG_VERSION", F_OK) != 0 else { return }
        let new = layout.postgresNewData
        // Left over from a start that was killed half way.
        try? FileManager.default.removeItem(atPath: new)
        if let template {
            try await StackTools.run(["/bin/cp", "-a", template, new])
        } else {
            try FileManager.default.createDirectory(atPath: new, withIntermediateDirectories: false)
            try account.own(new)
            let prefix = try await account.prefix(reaching: new)
            let arguments = [
                tools.initdb, "--pgdata=\(new)", "--username=\(PostgresAccount.name)", "--auth=trust",
                "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions",
            ]
            try await StackTools.run(prefix + arguments + options.initdb)
        }
        guard rename(new, layout.postgresData) == 0 else {
            throw LocalStackError(.folder, "\(new) cannot be renamed to \(layout.postgresData): \(errnoText()).")
        }
    }

    /// Starts it, unless it runs, and waits until it takes connections.
    func start(_ options: LocalStackOptions) async throws {
        if let process {
            try await waitUntilReady(process, options)
            return
        }
        try await clearAfterCrash(options)
        let prefix = try await account.prefix(reaching: layout.postgresData)
        let fixed = [
            "listen_addresses": "",
            "port": "\(StackLayout.postgresPort)",
            "unix_socket_directories": PostgresDaemon.listQuoted(layout.postgresSocketFolder),
            "unix_socket_permissions": "0700",
            "logging_collector": "off",
        ]
        let settings = options.postgres.merging(fixed, uniquingKeysWith: { $1 })
            .sorted { $0.key < $1.key }
            .flatMap { ["-c", "\($0.key)=\($0.value)"] }
        let started = try DaemonSpawn.start(
            prefix + [tools.postgres, "-D", layout.postgresData] + settings,
            folder: layout.directory,
            log: layout.postgresLog
        )
        try await waitUntilReady(started, options)
    }

    /// Ends it the clean way: "fast" ends the sessions, writes a checkpoint and removes the pid file.
    func stop(_ options: LocalStackOptions) async throws {
        guard let process else { return }
        process.signal(SIGINT)
        // A stopped process (SIGSTOP) takes no other signal.
        process.signal(SIGCONT)
        guard try await process.waitForExit(limit: options.stopLimit) else {
            throw LocalStackError(
                .stopFailed,
                "postgres \(process.pid) does not end within \(options.stopLimit), see \(layout.postgresLog).",
                nextStep: "kill -QUIT \(process.pid) ends it at once; it recovers at its next start"
            )
        }
    }

    /// After `kill -9` or a power loss: children of the dead server, and a pid file whose number somebody else has now.
    private func clearAfterCrash(_ options: LocalStackOptions) async throws {
        let childrenLimit = Duration.seconds(10)
        for orphan in DaemonProcess.all(in: layout.postgresData) {
            if try await orphan.waitForExit(limit: childrenLimit) { continue }
            // Its server is dead, so it can do nothing useful any more, but would keep a new one from starting.
            orphan.signal(SIGKILL)
            guard try await orphan.waitForExit(limit: options.stopLimit) else {
                throw LocalStackError(
                    .startFailed,
                    "Process \(orphan.pid), left by an earlier postgres in \(layout.postgresData), does not end."
                )
            }
        }
        // Nobody works in the folder, so these files are stale. Postgres would find that out itself, except when the
        // number was given to another process of this user.
        for path in [layout.postgresPIDFile, layout.postgresSocket + ".lock", layout.postgresSocket] {
            try? FileManager.default.removeItem(atPath: path)
        }
    }

    private func waitUntilReady(_ process: DaemonProcess, _ options: LocalStackOptions) async throws {
        let deadline = ContinuousClock.now + options.startLimit
        while !isReady(process.pid) {
            process.reap()
            let reason: String
            if !process.isRunning {
                reason = "ended at its start"
            } else if ContinuousClock.now >= deadline {
                reason = "(process \(process.pid)) was not ready within \(options.startLimit)"
            } else {
                try await Task.sleep(for: .milliseconds(3))
                continue
            }
            throw LocalStackError(
                .startFailed,
                "postgres \(reason). Log \(layout.postgresLog) ends:\n\(DaemonSpawn.tail(of: layout.postgresLog))"
            )
        }
    }

    /// The eighth line of the pid file is its state; pg_ctl looks at the same line.
    private func isReady(_ pid: pid_t) -> Bool {
        let lines = pidFileLines
        let stateLine = 7
        return lines.count > stateLine && lines[0] == "\(pid)" && lines[stateLine].hasPrefix("ready")
    }

    private var pidFileLines: [String] {
        guard let text = try? String(contentsOfFile: layout.postgresPIDFile, encoding: .utf8) else { return [] }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// The SysV segment that a killed server left; it is named in the seventh line of its pid file.
    var leftSharedMemory: String? {
        let keyLine = 6
        guard process == nil, pidFileLines.count > keyLine else { return nil }
        return pidFileLines[keyLine].split(separator: " ").last.map(String.init)
    }

    /// The setting is a list of names; in double quotes a name may hold commas and spaces.
    static func listQuoted(_ path: String) -> String {
        "\"" + path.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }
}
