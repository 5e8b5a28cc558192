import Logging
import NIOCore

/// The asynchronous face of a connection, for commands, drains and tests. The event loop must outlive it.
public final class RedisClient: Sendable {
    /// `host:port` or the path of the socket, for messages.
    public let location: String
    private let bound: NIOLoopBound<RedisChannel>
    private let channel: any Channel

    private init(_ location: String, _ bound: NIOLoopBound<RedisChannel>, _ channel: any Channel) {
        self.location = location
        self.bound = bound
        self.channel = channel
    }

    deinit {
        // A forgotten client must not keep a connection until the process ends.
        if channel.isActive { channel.close(promise: nil) }
    }

    /// Connects; see `RedisChannel.connect`.
    public static func connect(
        to endpoint: RedisEndpoint,
        on group: any EventLoopGroup,
        options: RedisConnectionOptions = .init(),
        logger: Logger
    ) async throws -> RedisClient {
        try await RedisChannel.connect(to: endpoint, on: group.next(), options: options, logger: logger)
            .map { bound in RedisClient(endpoint.location, bound, bound.value.channel) }
            .get()
    }

    /// Sends a command and waits for its reply. Throws a `RedisError`; a `-ERR` reply throws `.server` or `.noScript`.
    /// Cancelling the task does not take back the command: the wait ends with the reply or the command timeout.
    public func send(_ command: RedisCommand) async throws -> RedisReply {
        let reply = try await sendRaw(command)
        if case .error(let text) = reply { throw RedisError(serverReply: text) }
        return reply
    }

    /// Like `send`, but a `-ERR` reply comes back as `RedisReply.error`.
    public func sendRaw(_ command: RedisCommand) async throws -> RedisReply {
        try await withCheckedThrowingContinuation { continuation in
            let bound = bound
            bound.eventLoop.execute {
                bound.value.send(command) { continuation.resume(with: $0) }
            }
        }
    }

    /// False once the connection has ended.
    public var isActive: Bool { channel.isActive }

    /// Ends the connection at once; unanswered commands fail with `.closed`. Returns when the socket is closed.
    public func close() async {
        let bound = bound
        bound.eventLoop.execute { bound.value.close() }
        // The future fails only where a channel never was connected; this one was.
        try? await channel.closeFuture.get()
    }
}
