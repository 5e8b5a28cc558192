import Logging
import NIOCore

/// One connection on one event loop: created, used and closed on that loop only, so it needs no lock and makes no
/// future and no task per command.
public final class RedisChannel {
    let channel: any Channel
    let handler: RedisChannelHandler

    init(channel: any Channel, handler: RedisChannelHandler) {
        self.channel = channel
        self.handler = handler
    }

    /// The loop on which everything here must be called.
    public var eventLoop: any EventLoop { channel.eventLoop }

    /// Sends a command and calls `completion` on the loop, exactly once. All commands of one tick leave in one system
    /// call at its end. Replies come in the order of the commands. A `-ERR` reply is a success here: it is
    /// `RedisReply.error`. With `.overloaded` and `.notSent`, `completion` runs before this method returns.
    public func send(_ command: RedisCommand, completion: @escaping (Result<RedisReply, RedisError>) -> Void) {
        channel.eventLoop.preconditionInEventLoop()
        handler.send(command, completion: completion)
    }

    /// Sends the commands of this tick now instead of at its end: for a caller that has slower work to do in the same
    /// tick.
    public func flush() {
        channel.eventLoop.preconditionInEventLoop()
        handler.flush()
    }

    /// Called once on the loop when the connection has ended for any reason, `close()` included, after all its
    /// commands have failed. Set on an ended connection, it is called at once.
    public var onClose: ((RedisError) -> Void)? {
        get { handler.onClose }
        set { handler.onClose = newValue }
    }

    /// False once the connection has ended.
    public var isActive: Bool { handler.isActive }

    /// Number of commands without a reply.
    public var pendingCount: Int { handler.pendingCount }

    /// Ends the connection at once; unanswered commands fail with `.closed`.
    public func close() {
        channel.eventLoop.preconditionInEventLoop()
        handler.close(RedisError(.closed, "the connection to Redis was closed by this process"))
    }
}
