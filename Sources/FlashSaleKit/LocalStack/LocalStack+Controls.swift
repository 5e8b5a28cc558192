import Foundation

/// For tests that hurt the servers.
extension LocalStack {
    /// Process id of the running redis-server.
    public var redisPID: Int32? { redis.process?.pid }

    /// Process id of the running postgres (the postmaster).
    public var postgresPID: Int32? { postgres.process?.pid }

    /// Stops Redis cleanly: its append-only file is written and synced.
    public func stopRedis() async throws { try await redis.stop(options) }

    /// Starts Redis on its data, optionally with other settings than the stack was started with.
    public func startRedis(settings: [String: String] = [:]) async throws {
        try await redis.start(options.with(redis: settings))
    }

    /// `kill -9`, and waits until the process is gone.
    public func killRedis() async throws { try await kill(redis.process) }

    /// Stops Postgres cleanly ("fast" shutdown).
    public func stopPostgres() async throws { try await postgres.stop(options) }

    /// Starts Postgres on its data, optionally with other settings than the stack was started with.
    public func startPostgres(settings: [String: String] = [:]) async throws {
        try await postgres.start(options.with(postgres: settings))
    }

    /// `kill -9` of the postmaster, and waits until it and its children are gone.
    public func killPostgres() async throws {
        try await kill(postgres.process)
        for child in DaemonProcess.all(in: layout.postgresData) { try await kill(child) }
    }

    /// SIGSTOP: Redis keeps its connections and answers nothing. Returns when it stands still.
    public func pauseRedis() async throws {
        try await pause(all: layout.redisData)
    }

    /// SIGCONT after `pauseRedis`.
    public func resumeRedis() {
        for process in DaemonProcess.all(in: layout.redisData) { process.signal(SIGCONT) }
    }

    /// SIGSTOP of the postmaster and of every session. Returns when all stand still.
    public func pausePostgres() async throws {
        try await pause(all: layout.postgresData)
    }

    /// SIGCONT after `pausePostgres`.
    public func resumePostgres() {
        for process in DaemonProcess.all(in: layout.postgresData) { process.signal(SIGCONT) }
    }

    /// Looks again until nothing moves: a signal is on its way for a moment, and the postmaster starts sessions until
    /// it stands still itself. A test that went on at once would see the server still answer.
    private func pause(all folder: String) async throws {
        while true {
            let moving = DaemonProcess.all(in: folder).filter { $0.state != "T" }
            if moving.isEmpty { return }
            for process in moving { process.signal(SIGSTOP) }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    private func kill(_ process: DaemonProcess?) async throws {
        guard let process else { return }
        process.signal(SIGKILL)
        guard try await process.waitForExit(limit: options.stopLimit) else {
            throw LocalStackError(.stopFailed, "Process \(process.pid) did not end after kill -9.")
        }
    }
}
