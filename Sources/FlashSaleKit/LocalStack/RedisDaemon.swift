import Foundation

/// The redis-server of a stack.
struct RedisDaemon: Sendable {
    let layout: StackLayout
    let program: String

    /// The running server, if there is one.
    var process: DaemonProcess? {
        guard let text = try? String(contentsOfFile: layout.redisPIDFile, encoding: .utf8),
            let pid = pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines))
        else { return nil }
        let process = DaemonProcess(pid: pid, folder: layout.redisData)
        return process.isOurs ? process : nil
    }

    /// Starts it, unless it runs, and waits until it answers. A socket left by `kill -9` is replaced by the server.
    func start(_ options: LocalStackOptions) async throws {
        if process == nil {
            // A server whose pid file was not written yet when its starter was killed.
            for stray in DaemonProcess.all(in: layout.redisData) { try await stop(stray, options) }
            try configuration(options).write(toFile: layout.redisConfiguration, atomically: true, encoding: .utf8)
            let started = try DaemonSpawn.start(
                [program, layout.redisConfiguration],
                folder: layout.redisData,
                log: layout.redisLog
            )
            try await waitUntilReady(started, limit: options.startLimit)
        } else if let process {
            try await waitUntilReady(process, limit: options.startLimit)
        }
    }

    /// Ends it the clean way: SIGTERM writes and syncs the append-only file.
    func stop(_ options: LocalStackOptions) async throws {
        if let process { try await stop(process, options) }
    }

    private func stop(_ process: DaemonProcess, _ options: LocalStackOptions) async throws {
        process.signal(SIGTERM)
        // A stopped process (SIGSTOP) takes no other signal.
        process.signal(SIGCONT)
        guard try await process.waitForExit(limit: options.stopLimit) else {
            throw LocalStackError(
                .stopFailed,
                "redis-server \(process.pid) does not end within \(options.stopLimit), see \(layout.redisLog).",
                nextStep: "kill -9 \(process.pid) loses up to two seconds of data"
            )
        }
    }

    private func waitUntilReady(_ process: DaemonProcess, limit: Duration) async throws {
        let deadline = ContinuousClock.now + limit
        while !answersPing() {
            process.reap()
            let reason: String
            if !process.isRunning {
                reason = "ended at its start"
            } else if ContinuousClock.now >= deadline {
                reason = "(process \(process.pid)) was not ready within \(limit)"
            } else {
                try await Task.sleep(for: .milliseconds(3))
                continue
            }
            throw LocalStackError(
                .startFailed,
                "redis-server \(reason). Log \(layout.redisLog) ends:\n\(DaemonSpawn.tail(of: layout.redisLog))",
                nextStep: "if its file is damaged: redis-check-aof --fix \(layout.redisData)/appendonlydir/*.aof"
            )
        }
    }

    /// One PING over the socket. "-LOADING" and silence both mean: not yet.
    private func answersPing() -> Bool {
        let answerLimit: Int32 = 20
        guard let socket = UnixSocket.connect(to: layout.redisSocket) else { return false }
        defer { close(socket) }
        let request = Array("PING\r\n".utf8)
        guard send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return false }
        var wait = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        guard poll(&wait, 1, answerLimit) == 1 else { return false }
        var answer = [UInt8](repeating: 0, count: 64)
        let length = recv(socket, &answer, answer.count, Int32(MSG_DONTWAIT))
        return length >= 5 && answer.starts(with: Array("+PONG".utf8))
    }

    private func configuration(_ options: LocalStackOptions) -> String {
        let fixed = [
            "daemonize": "no",
            "port": "0",
            "unixsocket": layout.redisSocket,
            "unixsocketperm": "700",
            "dir": layout.redisData,
            "pidfile": layout.redisPIDFile,
            "logfile": layout.redisLog,
            "always-show-logo": "no",
        ]
        let lines = options.redis.merging(fixed, uniquingKeysWith: { $1 })
            .sorted { $0.key < $1.key }
            .map { "\($0.key) \(RedisDaemon.quoted($0.value))" }
        return "# Written at every start by flashctl; changes are lost.\n" + lines.joined(separator: "\n") + "\n"
    }

    /// redis.conf takes C-like strings in double quotes.
    static func quoted(_ value: String) -> String {
        "\"" + value.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"") + "\""
    }
}
