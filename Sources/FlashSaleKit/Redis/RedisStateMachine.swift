import Collections
import NIOCore

/// The state of one connection: which commands wait for a reply, whether a flush or a timer is due, and why it ended.
/// It does no input or output: every event returns the action that the channel handler then executes.
struct RedisStateMachine<Waiter>: ~Copyable {
    /// A command without its reply.
    private struct Pending {
        let waiter: Waiter
        let bytes: Int
        let deadline: NIODeadline
        let limit: TimeAmount
    }

    private let commandTimeout: TimeAmount
    private let pingTimeout: TimeAmount
    private let maximumPending: Int
    private let maximumPendingBytes: Int

    /// Commands in the order in which they were written; replies come in the same order.
    private var pending: Deque<Pending> = []
    private var pendingBytes = 0
    /// How many of the last commands are written but not flushed: these certainly did not reach the server.
    private var unflushed = 0
    private var isFlushScheduled = false
    private var isTimerArmed = false
    /// Whether a reply has come since the connection was last found quiet or not.
    private var hasHeard = true
    /// The timer has found the oldest command overdue and looks once more.
    private var isOverdue = false
    /// Time for the event loop to read from the socket: after a long task it first runs the timers and tasks that are
    /// due, while the reply may have been waiting there.
    static var secondLook: TimeAmount { .milliseconds(10) }
    /// Set once, when the connection ends.
    private(set) var closeReason: RedisError?

    init(options: RedisConnectionOptions) {
        precondition(options.maximumPending >= 1, "a connection must allow at least one command")
        commandTimeout = options.commandTimeout
        pingTimeout = min(options.pingTimeout, options.commandTimeout)
        maximumPending = options.maximumPending
        maximumPendingBytes = options.maximumPendingBytes
    }

    var isOpen: Bool { closeReason == nil }
    var pendingCount: Int { pending.count }

    enum SendAction {
        /// Write the command; schedule a flush for the end of this tick; arm the timer for this time.
        case write(scheduleFlush: Bool, armTimer: NIODeadline?)
        /// Too many commands or bytes are unanswered.
        case overloaded(Waiter)
        /// The connection has ended.
        case notSent(Waiter, RedisError)
    }

    /// A command of so many bytes is to be sent.
    mutating func send(_ waiter: Waiter, bytes: Int, now: NIODeadline) -> SendAction {
        append(waiter, bytes: bytes, now: now, limit: commandTimeout)
    }

    private mutating func append(_ waiter: Waiter, bytes: Int, now: NIODeadline, limit: TimeAmount) -> SendAction {
        if let closeReason { return .notSent(waiter, closeReason) }
        guard pending.count < maximumPending, pendingBytes + bytes <= maximumPendingBytes else {
            return .overloaded(waiter)
        }
        let deadline = now + limit
        pending.append(Pending(waiter: waiter, bytes: bytes, deadline: deadline, limit: limit))
        pendingBytes += bytes
        unflushed += 1
        let scheduleFlush = !isFlushScheduled
        isFlushScheduled = true
        let armTimer = isTimerArmed ? nil : deadline
        isTimerArmed = true
        return .write(scheduleFlush: scheduleFlush, armTimer: armTimer)
    }

    /// Whether to ask for a sign of life; called once every ping interval. A connection with an unanswered command is
    /// being asked already.
    mutating func isQuiet() -> Bool {
        defer { hasHeard = false }
        return isOpen && pending.isEmpty && !hasHeard
    }

    /// A `PING` of this number of bytes is to be sent. Any reply to it is a sign of life.
    mutating func ping(_ waiter: Waiter, bytes: Int, now: NIODeadline) -> SendAction {
        append(waiter, bytes: bytes, now: now, limit: pingTimeout)
    }

    enum FlushAction {
        case flush
        case ignore
    }

    /// The scheduled flush is due.
    mutating func flushDue() -> FlushAction {
        isFlushScheduled = false
        return flushNow()
    }

    /// A flush is wanted before the end of the tick; the scheduled one stays, for commands that come after it.
    mutating func flushNow() -> FlushAction {
        guard isOpen, unflushed > 0 else { return .ignore }
        unflushed = 0
        return .flush
    }

    enum ReplyAction {
        /// This waiter gets the reply.
        case complete(Waiter)
        /// Nobody asked: what the server means is unknown from here on, so the connection must end.
        case unasked
        /// The connection has ended; its commands have already failed.
        case ignore
    }

    /// A complete reply was read.
    mutating func replyReceived() -> ReplyAction {
        guard isOpen else { return .ignore }
        // A reply to a command that is not flushed answers nothing either.
        guard pending.count > unflushed, let first = pending.popFirst() else { return .unasked }
        pendingBytes -= first.bytes
        hasHeard = true
        return .complete(first.waiter)
    }

    enum TimerAction {
        /// The oldest command has waited for longer than this: end the connection.
        case timeout(TimeAmount)
        /// Arm the timer again for this time.
        case arm(NIODeadline)
        /// Nothing waits.
        case idle
    }

    /// The timer fired. There is one timer for the oldest command, not one for each: replies come in order.
    mutating func timerFired(now: NIODeadline) -> TimerAction {
        isTimerArmed = false
        let wasOverdue = isOverdue
        isOverdue = false
        guard isOpen, let oldest = pending.first else { return .idle }
        if oldest.deadline > now {
            isTimerArmed = true
            return .arm(oldest.deadline)
        }
        guard !wasOverdue else { return .timeout(oldest.limit) }
        isOverdue = true
        isTimerArmed = true
        return .arm(now + Self.secondLook)
    }

    enum CloseAction {
        /// Fail the sent ones with the reason (their outcome is unknown) and the others as not sent.
        case fail(sent: [Waiter], unsent: [Waiter])
        /// It has ended before.
        case ignore
    }

    /// The connection ends, for whatever reason; the first one counts.
    mutating func close(_ reason: RedisError) -> CloseAction {
        guard isOpen else { return .ignore }
        closeReason = reason
        let waiters = pending.map(\.waiter)
        let sent = waiters.count - unflushed
        pending = []
        pendingBytes = 0
        unflushed = 0
        return .fail(sent: Array(waiters[..<sent]), unsent: Array(waiters[sent...]))
    }
}
