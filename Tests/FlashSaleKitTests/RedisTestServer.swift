import Foundation
import Logging
import NIOCore
import NIOPosix

@testable import FlashSaleKit

/// The redis-server of a `LocalStack` without its postgres: these tests start dozens, often with settings of their own.
struct RedisTestServer: Sendable {
    let layout: StackLayout
    private let daemon: RedisDaemon
    private let options: LocalStackOptions

    /// Runs `body` with a new server and removes it afterwards, also when the body throws. `extra` are whole lines of
    /// redis.conf.
    static func with<Value>(
        _ settings: [String: String] = [:],
        extra: String = "",
        _ body: (RedisTestServer) async throws -> Value
    ) async throws -> Value {
        let layout = StackLayout(directory: try TemporaryStacks.newFolder())
        try layout.createFolders(for: .current())
        // Held while the server is in use, so that no other test run takes the folder for forgotten.
        let lock = try FileLock(path: layout.useLock)
        defer { lock.close() }
        try await lock.lock(.shared, limit: TestPatience.limit)
        let included = layout.directory + "/extra.conf"
        try extra.write(toFile: included, atomically: true, encoding: .utf8)
        let server = RedisTestServer(
            layout: layout,
            daemon: RedisDaemon(layout: layout, program: try StackTools.find().redisServer),
            options: .fast.with(redis: settings.merging(["include": included]) { $1 })
        )
        let result: Result<Value, any Error>
        do {
            if settings["requirepass"] == nil { try await server.start() } else { try await server.startLocked() }
            result = .success(try await body(server))
        } catch {
            result = .failure(error)
        }
        try await TemporaryStacks.remove(layout)
        return try result.get()
    }

    func start() async throws { try await daemon.start(options) }

    /// A server that wants a password never answers the PING by which `RedisDaemon` sees that it is ready; so the
    /// password comes after the start.
    private func startLocked() async throws {
        var open = options
        let password = open.redis.removeValue(forKey: "requirepass") ?? ""
        try await daemon.start(open)
        _ = try await client().send(RedisCommand("CONFIG", "SET", "requirepass", password))
    }

    /// SIGSTOP; returns when the server stands still.
    func pause() async throws {
        guard let process = daemon.process else { return }
        process.signal(SIGSTOP)
        while process.state != "T" { try await Task.sleep(for: .milliseconds(1)) }
    }

    /// Blocks this thread until Redis has the key, so that a loop stands still and Redis goes on; false when the key
    /// does not come within ``TestPatience/limit``.
    func block(until key: String) -> Bool {
        guard let socket = UnixSocket.connect(to: layout.redisSocket) else { return false }
        defer { close(socket) }
        let request = Array("EXISTS \(key)\r\n".utf8)
        let deadline = ContinuousClock.now + TestPatience.limit
        while ContinuousClock.now < deadline {
            guard send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return false }
            var wait = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, -1) == 1 else { return false }
            var answer = [UInt8](repeating: 0, count: 64)
            let length = recv(socket, &answer, answer.count, 0)
            if length > 1, answer[1] == UInt8(ascii: "1") { return true }
            usleep(10_000)
        }
        return false
    }

    func resume() { daemon.process?.signal(SIGCONT) }

    func kill() { daemon.process?.signal(SIGKILL) }

    func restart() async throws {
        try await daemon.stop(options)
        try await daemon.start(options)
    }

    func endpoint(_ query: String = "") throws -> RedisEndpoint {
        try RedisEndpoint(parsing: "unix://\(layout.redisSocket)\(query)")
    }

    func client(_ query: String = "", _ options: RedisConnectionOptions = .patient()) async throws -> RedisClient {
        try await .connect(
            to: endpoint(query),
            on: .singletonMultiThreadedEventLoopGroup,
            options: options,
            logger: quietLogger
        )
    }

    func channel(
        _ options: RedisConnectionOptions = .patient(),
        on group: any EventLoopGroup = .singletonMultiThreadedEventLoopGroup
    ) async throws -> NIOLoopBound<RedisChannel> {
        let loop = group.next()
        return try await RedisChannel.connect(to: endpoint(), on: loop, options: options, logger: quietLogger).get()
    }
}

extension NIOLoopBound<RedisChannel> {
    /// Runs `body` on the loop of the connection, waits until it keeps its promise, and closes the connection.
    func run<Result: Sendable>(
        _ body: @escaping @Sendable (RedisChannel, EventLoopPromise<Result>) -> Void
    ) async throws -> Result {
        let promise = eventLoop.makePromise(of: Result.self)
        eventLoop.execute { body(value, promise) }
        let result = try await promise.futureResult.get()
        try await eventLoop.submit { value.close() }.get()
        return result
    }
}

extension Result {
    /// The error of a failure.
    var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}

/// Runs a body that must throw a `RedisError` and returns that error.
func redisError(_ body: () async throws -> some Any) async throws -> RedisError {
    do {
        let value = try await body()
        throw ProgramFailed(description: "no error but \(value)")
    } catch let error as RedisError {
        return error
    }
}
