import Foundation
import Logging
import Synchronization

/// A redis-server and a postgres of our own, for `--local` and for tests: own data, unix sockets only, shared by every
/// process that uses the same folder, and stopped by the last of them. No other Redis or Postgres is ever touched.
public final class LocalStack: Sendable {
    let layout: StackLayout
    let options: LocalStackOptions
    let redis: RedisDaemon
    let postgres: PostgresDaemon
    let isTemporary: Bool
    private let useLock: FileLock
    private let logger: Logger
    private let isReleased = Mutex(false)

    /// Longest wait for another process that starts or stops the same stack.
    private static let lockLimit = Duration.seconds(180)

    private init(
        layout: StackLayout,
        options: LocalStackOptions,
        isTemporary: Bool,
        logger: Logger
    ) throws {
        let tools = try StackTools.find()
        let account = try PostgresAccount.current()
        try layout.createFolders(for: account)
        self.layout = layout
        self.options = options
        self.isTemporary = isTemporary
        self.logger = logger
        redis = RedisDaemon(layout: layout, program: tools.redisServer)
        postgres = PostgresDaemon(layout: layout, tools: tools, account: account)
        useLock = try FileLock(path: layout.useLock)
    }

    /// Attaches to the stack in `directory` (default: `$XDG_STATE_HOME/flashctl/local`) and starts what does not run.
    /// Throws `LocalStackError`, and `CancellationError` when the task is cancelled.
    public static func attachOrStart(
        directory: String? = nil,
        options: LocalStackOptions = .durable,
        logger: Logger
    ) async throws -> LocalStack {
        let environment = ProcessInfo.processInfo.environment
        let path = try directory ?? StackLayout.defaultDirectory(environment: environment)
        let absolute = URL(fileURLWithPath: path).standardizedFileURL.path
        let layout = StackLayout(directory: absolute)
        let stack = try LocalStack(layout: layout, options: options, isTemporary: false, logger: logger)
        do {
            try await stack.bringUp(template: nil)
            return stack
        } catch {
            // What was started before the failure is stopped again. The first error is the one to tell.
            do { try await stack.release() } catch let second { logger.warning("\(second)") }
            throw error
        }
    }

    /// A stack in a new folder; see `temporary()`.
    static func inNewFolder(
        _ directory: String,
        options: LocalStackOptions,
        template: String,
        logger: Logger
    ) async throws -> LocalStack {
        let layout = StackLayout(directory: directory)
        let stack = try LocalStack(layout: layout, options: options, isTemporary: true, logger: logger)
        try await stack.bringUp(template: template)
        return stack
    }

    private func bringUp(template: String?) async throws {
        try await withStartLock {
            // Under the start lock nobody holds the exclusive one for long: `release` only tries it.
            try await self.useLock.lock(.shared, limit: LocalStack.lockLimit)
            if self.layout.socketFolder != self.layout.directory + "/run" {
                self.logger.notice(
                    "The path of the data folder is too long for sockets; they are in \(self.layout.socketFolder)."
                )
            }
            async let redis: Void = self.redis.start(self.options)
            try await self.postgres.createData(self.options, template: template)
            try await self.postgres.start(self.options)
            try await redis
        }
    }

    /// Ends our use. The last user stops both servers cleanly; others leave them running. Doing it twice is harmless.
    public func release() async throws {
        guard markReleased() else { return }
        // A task of its own: whoever is told to end by cancellation must still be able to stop the servers.
        try await Task { try await self.stopIfLast() }.value
    }

    private func stopIfLast() async throws {
        defer { useLock.close() }
        try await withStartLock {
            self.useLock.unlock()
            guard self.useLock.tryLock(.exclusive) else { return }
            // Both get their chance, even if one of them fails.
            async let redis = Result { try await self.redis.stop(self.options) }
            let postgres = await Result { try await self.postgres.stop(self.options) }
            try await redis.get()
            try postgres.get()
        }
    }

    /// True for the first caller only.
    func markReleased() -> Bool {
        isReleased.withLock { released in
            defer { released = true }
            return !released
        }
    }

    func closeUseLock() { useLock.close() }

    private func withStartLock(_ body: () async throws -> Void) async throws {
        let lock = try FileLock(path: layout.startLock)
        try await lock.lock(.exclusive, limit: LocalStack.lockLimit)
        defer { lock.close() }
        try await body()
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
