import Logging
import NIOCore

/// Executes what `RedisStateMachine` decides: bytes from the socket to replies, commands to the socket.
final class RedisChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Completion = (Result<RedisReply, RedisError>) -> Void

    private let location: String
    private let options: RedisConnectionOptions
    private let logger: Logger
    private var state: RedisStateMachine<Completion>
    private let reader: RedisReplyReader
    private var context: ChannelHandlerContext?
    /// One closure for all flushes of this connection.
    private var flushTask: (@Sendable () -> Void)?
    private var timer: Scheduled<Void>?
    private var pingTimer: RepeatedTask?
    private static let ping = RedisCommand("PING")

    /// Called once when the connection has ended and all its commands have failed; at once if it has ended already.
    var onClose: ((RedisError) -> Void)? {
        didSet {
            if let reason = state.closeReason, isCloseReported { onClose?(reason) }
        }
    }
    private var isCloseReported = false

    init(location: String, options: RedisConnectionOptions, logger: Logger) {
        self.location = location
        self.options = options
        self.logger = logger
        state = RedisStateMachine(options: options)
        reader = RedisReplyReader(maximumReplyBytes: options.maximumReplyBytes)
    }

    var isActive: Bool { state.isOpen && context != nil }
    var pendingCount: Int { state.pendingCount }

    // MARK: Commands

    func send(_ command: RedisCommand, completion: @escaping Completion) {
        execute(state.send(completion, bytes: command.bytes.readableBytes, now: .now()), command)
    }

    private func execute(_ action: RedisStateMachine<Completion>.SendAction, _ command: RedisCommand) {
        switch action {
        case .write(let scheduleFlush, let deadline):
            guard let context else { preconditionFailure("an open connection is in a pipeline") }
            context.write(wrapOutboundOut(command.bytes), promise: nil)
            if scheduleFlush, let flushTask { context.eventLoop.execute(flushTask) }
            if let deadline { armTimer(deadline, context) }
        case .overloaded(let completion):
            completion(.failure(overloaded()))
        case .notSent(let completion, let reason):
            completion(.failure(notSent(reason)))
        }
    }

    /// Asks a quiet connection for a sign of life, so that a lost one is found before a command needs it.
    private func pingIfQuiet() {
        guard state.isQuiet() else { return }
        let ping = Self.ping
        execute(state.ping({ _ in }, bytes: ping.bytes.readableBytes, now: .now()), ping)
    }

    private func flushDue() {
        execute(state.flushDue())
    }

    /// Sends what was written and not flushed yet.
    func flush() {
        execute(state.flushNow())
    }

    private func execute(_ action: RedisStateMachine<Completion>.FlushAction) {
        switch action {
        case .flush: context?.flush()
        case .ignore: break
        }
    }

    /// Ends the connection for this reason, unless it has ended before.
    func close(_ reason: RedisError) {
        switch state.close(reason) {
        case .ignore: return
        case .fail(let sent, let unsent):
            timer?.cancel()
            timer = nil
            pingTimer?.cancel()
            pingTimer = nil
            context?.close(promise: nil)
            for completion in sent { completion(.failure(reason)) }
            if !unsent.isEmpty {
                let error = notSent(reason)
                for completion in unsent { completion(.failure(error)) }
            }
            isCloseReported = true
            onClose?(reason)
        }
    }

    private func armTimer(_ deadline: NIODeadline, _ context: ChannelHandlerContext) {
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(deadline: deadline) { handler.value.timerFired() }
    }

    private func timerFired() {
        guard let context else { return }
        switch state.timerFired(now: .now()) {
        case .idle: timer = nil
        case .arm(let deadline): armTimer(deadline, context)
        case .timeout(let limit): close(timeout(limit))
        }
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        flushTask = { handler.value.flushDue() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        close(RedisError(.closed, "the connection to Redis at \(location) was closed"))
        self.context = nil
        // Breaks the cycle between the closure and this object.
        flushTask = nil
        onClose = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do {
            try reader.feed(unwrapInboundIn(data))
            while let reply = try reader.next() {
                switch state.replyReceived() {
                case .complete(let completion): completion(.success(reply))
                case .unasked: throw unasked(reply)
                case .ignore: return
                }
            }
        } catch {
            close(
                RedisError(.protocolViolation, "Redis at \(location) sent something unexpected: \(error)")
            )
        }
    }

    func channelActive(context: ChannelHandlerContext) {
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        pingTimer = context.eventLoop.scheduleRepeatedTask(
            initialDelay: options.pingInterval,
            delay: options.pingInterval
        ) { _ in handler.value.pingIfQuiet() }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        close(RedisError(.closed, "Redis at \(location) closed the connection"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("connection to Redis failed", metadata: ["redis": "\(location)", "error": "\(error)"])
        close(RedisError(.closed, "the connection to Redis at \(location) broke", underlying: error))
    }

    // MARK: Errors

    /// Of error replies the words matter: a server says so why it is about to close a new connection.
    private func unasked(_ reply: RedisReply) -> RedisReplyReader.Violation {
        let words = reply.errorText.map { " (\($0))" } ?? ""
        return RedisReplyReader.Violation(description: "a reply that nobody asked for\(words)")
    }

    private func overloaded() -> RedisError {
        RedisError(
            .overloaded,
            "Redis at \(location) has \(state.pendingCount) unanswered commands, the limit is"
                + " \(options.maximumPending) commands or \(options.maximumPendingBytes) bytes",
            nextStep: "look at the SLOWLOG and the CPU of Redis, which is slower than the load, or send less"
        )
    }

    private func notSent(_ reason: RedisError) -> RedisError {
        RedisError(
            .notSent,
            "the command was not sent: the connection to Redis at \(location) has ended",
            underlying: reason
        )
    }

    private func timeout(_ limit: TimeAmount) -> RedisError {
        let limit = limit.nanoseconds / 1_000_000
        return RedisError(
            .timeout,
            "Redis at \(location) did not answer within \(limit) ms",
            nextStep: "see whether the server is stopped, swapping or busy with a long command, and whether a firewall"
                + " between drops quiet connections"
        )
    }
}
