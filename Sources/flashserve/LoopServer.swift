import FlashSaleKit
import Glibc
import Logging
import NIOCore

/// Everything that one event loop needs to serve: its connections, its batchers, its Redis connection. No lock and no
/// future is on the way of a request, because all of it lives here.
///
/// Lives on one event loop.
final class LoopServer {
    let loop: any EventLoop
    let control: ServerControl
    let secret: [UInt8]
    let logger: Logger
    let connections: ConnectionTable
    /// How much header a request may have.
    var headerLimits = HeaderLimits()
    /// How long a connection may be without a request.
    var idleTime = TimeAmount.milliseconds(ServerOptions.idleMilliseconds)
    /// Attempts that may wait for a batch.
    var waitingAttempts = Limits.waitingAttempts
    /// How long the stores are waited for.
    var times = ServerTimes()
    var schedule = LoopSchedule()
    /// Redis has more to carry than it should: checkouts are refused before they are decided.
    var refusesCheckouts = false
    /// Sales whose ledger has a gap: nothing more may be promised that Postgres cannot get.
    var salesWithGap: Set<SaleID> = []
    /// Records requests; nil while tracing is off.
    var tracer: LoopTracer?
    /// What this loop has answered.
    var counters = LoopCounters()
    /// The server ends soon: every answer says that its connection does too.
    var isStopping = false
    /// Postgres has confirmed that Redis time may jump up to here.
    var confirmedTime: Timestamp? {
        didSet { settlement.resume() }
    }
    private(set) var responses = Responses()
    private(set) lazy var redis = LoopRedis(server: self)
    private(set) lazy var waiters = PurchaseWaiters(server: self)
    private(set) lazy var settlement = Settlement(server: self)
    private lazy var checkouts = CheckoutBatcher(server: self)
    private lazy var purchases = HoldBatcher(server: self, operation: .purchase)
    private lazy var releases = HoldBatcher(server: self, operation: .release)
    private var tickIsScheduled = false
    /// One closure for all ticks of this loop.
    private var tickTask: @Sendable () -> Void = {}
    private var dirty: [ConnectionHandler] = []
    private var timer: RepeatedTask?
    private var ticks = 0

    init(loop: any EventLoop, control: ServerControl, secret: [UInt8], connections: Int, logger: Logger) {
        self.loop = loop
        self.control = control
        self.secret = secret
        self.logger = logger
        self.connections = ConnectionTable(limit: connections)
        responses.refresh(now: Timestamp.host)
    }

    /// The loop's clock; never jumps.
    var now: NIODeadline { .now() }
    /// The loop's clock as of the first bytes or replies that this turn of the loop has read, or as of the last quarter
    /// of a second: exact to what one turn takes, and used several times for each request.
    private(set) var coarseNow = NIODeadline.now()
    /// Whether that was read since the last tick.
    private var clockIsFresh = false

    /// Starts the timer of limits and waits.
    func start() {
        let this = NIOLoopBound(self, eventLoop: loop)
        tickTask = { this.value.tick() }
        timer = loop.scheduleRepeatedTask(initialDelay: .milliseconds(250), delay: .milliseconds(250)) { _ in
            this.value.quarterSecond()
        }
    }

    /// Stops the timer; the connections are closed by then.
    func stop() {
        timer?.cancel()
        // Breaks the cycle between the closure and this object.
        tickTask = {}
        redis.close()
    }

    // MARK: Requests

    /// Sends a request where it belongs; each is answered exactly once.
    func dispatch(_ request: IncomingRequest, to responder: Responder) {
        switch request.route {
        case .checkout(let user, let item):
            let key = request.idempotencyKey
            if let key, !(1...Limits.idempotencyKey).contains(key.count) {
                return responder(refusal(.badRequest("Idempotency-Key has 1 to \(Limits.idempotencyKey) bytes.")))
            }
            checkouts.submit(user: user, itemID: item, key: key, responder: responder)
        case .purchase(let code): purchases.submit(code, responder: responder)
        case .release(let code): releases.submit(code, responder: responder)
        case .livez: responder(responses.fixed(.alive))
        case .health: page(.health, responder)
        case .sale: page(.sale, responder)
        case .readyz(let verbose): page(.readyz(verbose: verbose), responder)
        case .refused(let reason, _): responder(refusal(reason))
        }
    }

    private func refusal(_ reason: Route.Refusal) -> ByteBuffer {
        switch reason {
        case .notFound: responses.fixed(.notFound)
        case .unknownCode: responses.fixed(.unknownCode)
        case .badRequest(let message): responses.error("400 Bad Request", "bad_request", message)
        case .methodNotAllowed(let allow):
            responses.error(
                "405 Method Not Allowed",
                "method_not_allowed",
                "This path takes \(allow).",
                allow: allow
            )
        }
    }

    /// Pages about the server are made on its control side, away from the loop.
    private func page(_ page: ServerPage, _ responder: Responder) {
        let bound = NIOLoopBound((self, responder), eventLoop: loop)
        let loop = self.loop
        control.render(page) { rendered in
            loop.execute {
                let (server, responder) = bound.value
                server.touchClock()
                responder(server.responses.json(rendered.status, rendered.body, headers: rendered.headers))
            }
        }
    }

    // MARK: Ticks

    /// Something has come that is measured: reads the clock, once for all that comes until the next tick.
    @discardableResult
    func touchClock() -> NIODeadline {
        guard !clockIsFresh else { return coarseNow }
        coarseNow = .now()
        clockIsFresh = true
        scheduleTick()
        return coarseNow
    }

    /// Once per tick, after all that could be read has been read: batches go to Redis first, so that it decides while
    /// the answers of the last batch are being written.
    func scheduleTick() {
        guard !tickIsScheduled else { return }
        tickIsScheduled = true
        loop.execute(tickTask)
    }

    /// The connection has answers to flush.
    func flushLater(_ connection: ConnectionHandler) {
        dirty.append(connection)
        scheduleTick()
    }

    private func tick() {
        tickIsScheduled = false
        if !clockIsFresh { coarseNow = .now() }
        clockIsFresh = false
        responses.refresh(now: Timestamp.host)
        settlement.sendWaiting()
        checkouts.sendWaiting()
        purchases.sendWaiting()
        releases.sendWaiting()
        redis.flush()
        waiters.sendLookUp()
        let connections = dirty
        dirty.removeAll(keepingCapacity: true)
        for connection in connections { connection.flush() }
    }

    private func quarterSecond() {
        ticks += 1
        coarseNow = .now()
        responses.refresh(now: Timestamp.host)
        settlement.resume()
        checkouts.refuseLate()
        purchases.refuseLate()
        releases.refuseLate()
        waiters.expire()
        if !waiters.isIdle { waiters.lookUpAll() }
        if ticks % 2 == 0 { connections.checkTime(now) }
    }

    // MARK: State

    /// The time of a reply, unless it is that of a clock which nobody has confirmed.
    func observed(_ status: ScriptStatus, _ time: Timestamp) {
        switch status {
        case .clockJumped, .wrongEpoch: break
        default: schedule.observed(time, at: now)
        }
    }

    /// The script has refused the epoch or the clock, and written nothing.
    func refused(_ sale: LoopSale, _ status: ScriptStatus) {
        // A jump of the clock is confirmed with Postgres by the sweep, within a quarter of a second.
        guard status != .clockJumped else { return }
        control.invalidateRedis(
            "sale \(sale.id) answered status \(status) at epoch \(sale.epoch)",
            suspect: (sale.id, sale.epoch)
        )
        redis.close()
    }

    /// A call has failed without a reply that could be believed. A lost connection reports itself.
    func failed(_ error: RedisError) {
        switch error.code {
        case .newerFormat(let sale): control.leaveAlone(sale, error)
        case .noScript:
            // SCRIPT FLUSH: a new connection loads the scripts again.
            redis.close()
            control.recheckRedis("\(error)")
        case _ where error.isSignOfLoss:
            control.invalidateRedis("\(error)", suspect: nil)
            redis.close()
        default: break
        }
    }
}

extension Timestamp {
    /// The clock of this host; it decides nothing.
    static var host: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}
