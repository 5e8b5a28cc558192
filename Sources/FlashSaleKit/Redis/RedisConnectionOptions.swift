import NIOCore

/// Limits of one connection.
public struct RedisConnectionOptions: Sendable {
    /// Everything until the connection is usable: name lookup, TCP, TLS, `AUTH`, `SELECT`, `PING`.
    public var connectTimeout: TimeAmount
    /// When the oldest unanswered command is older than this, the connection is closed and all its commands fail. It
    /// must be longer than the longest script and than the pause of an fsync.
    public var commandTimeout: TimeAmount
    /// A connection on which nothing has come for one to two of these is asked with a `PING` whether it is alive.
    public var pingInterval: TimeAmount
    /// How long the answer to that `PING` may take, if that is shorter than the command timeout; without one the
    /// connection is closed.
    public var pingTimeout: TimeAmount
    /// Unanswered commands; one more fails with `.overloaded`. At least 1.
    public var maximumPending: Int
    /// Bytes of unanswered commands; a command beyond fails with `.overloaded`.
    public var maximumPendingBytes: Int
    /// Bytes of one reply; a longer one closes the connection.
    public var maximumReplyBytes: Int
    /// The name shown by `CLIENT LIST`; without spaces.
    public var clientName: String

    /// The defaults suit a server next door.
    public init(
        connectTimeout: TimeAmount = .seconds(2),
        commandTimeout: TimeAmount = .milliseconds(1500),
        pingInterval: TimeAmount = .seconds(1),
        pingTimeout: TimeAmount = .seconds(1),
        maximumPending: Int = 1024,
        maximumPendingBytes: Int = 64 << 20,
        maximumReplyBytes: Int = 256 << 20,
        clientName: String = "flashctl"
    ) {
        self.connectTimeout = connectTimeout
        self.commandTimeout = commandTimeout
        self.pingInterval = pingInterval
        self.pingTimeout = pingTimeout
        self.maximumPending = maximumPending
        self.maximumPendingBytes = maximumPendingBytes
        self.maximumReplyBytes = maximumReplyBytes
        self.clientName = clientName
    }
}
