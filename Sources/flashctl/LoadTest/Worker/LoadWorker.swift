import Collections
import NIOCore
import NIOPosix

/// The part of a load test that runs on one event loop: its share of the requests and connections. Everything here
/// happens on that loop.
final class LoadWorker {
    /// What a worker is given.
    struct Share {
        var plan: LoadPlan
        /// Which of the workers it is, from 0, and how many they are: it takes every so-manieth request.
        var index: Int
        var count: Int
        var connections: Int
        var address: SocketAddress
        var pool: PurchasePool?
        /// What is sent instead of numbered requests, nil for those.
        var schedule: LoadSchedule?
    }

    /// Connections that are being set up at the same time: more would overflow the server's queue of new ones.
    static let maximumConnecting = 64
    /// Connections that the open model opens before its first request, so that opening them makes none late.
    static let earlyConnections = 32
    /// Nanoseconds before its first request at which it opens them.
    static let earlyTime: UInt64 = 100_000_000
    /// Connections of one place that end without any answer before the place is given up.
    static let maximumFruitless = 5
    static let connectTimeout = TimeAmount.seconds(5)
    private static let tick = TimeAmount.seconds(1)

    /// Since the last hand-over: what counts, and what was due while it was still warming up.
    var counts = LoadCounts()
    var warm = LoadCounts()
    /// Requests due before this monotonic time are no part of the result.
    private(set) var warmUntil: UInt64 = 0
    /// Monotonic time at which the load began; nil before.
    private(set) var startedAt: UInt64?
    /// Answers to be compared with the stores; nil when nobody asks for that.
    var history: LoadHistory?

    /// Grows with everything that is sent and answered.
    var activity: UInt64 = 0
    /// Processor time of polls that found nothing.
    var polledSeconds = 0.0

    let plan: LoadPlan
    let mix: LoadMix
    /// The codes that are paid for, nil when none are.
    let pool: PurchasePool?
    /// What is sent instead of numbered requests, nil for those.
    let schedule: LoadSchedule?
    let eventLoop: any EventLoop
    let address: SocketAddress
    private let checkout: CheckoutTemplate
    private let purchase: PurchaseTemplate
    private let scheduled: ScheduledTemplate
    private let timeoutNanoseconds: UInt64
    private let finished: EventLoopPromise<Void>

    /// Requests that the closed model still sends.
    var numbers: NumberSource
    /// What the open model still sends; nil in the closed one.
    var open: OpenLoad?
    /// What is to be sent besides: repetitions and returns.
    var followUps = Deque<FollowUp>()
    /// Follow-ups whose time has not come.
    var pendingFollowUps = 0
    var otherInFlight = 0
    var purchasesInFlight = 0
    /// Connections that found nothing to send; some may be closed by now.
    var idle: [LoadConnection] = []
    /// When the timer of the schedule goes off.
    var scheduledWake = UInt64.max

    /// The connection of each place, places without one, and those in a row that brought no answer.
    var connections: [LoadConnection?]
    var fruitless: [Int]
    var places: [Int]
    var connecting = 0
    var retrying = 0
    var openConnections = 0
    /// Attempts to connect that failed since the last one that did not.
    var refusedInRow = 0
    /// Monotonic time of the last connection that stood.
    private var reachedAt: UInt64 = 0

    private(set) var isFinished = false
    /// Whether nothing new is sent, because somebody has ended the run.
    private(set) var isWindingDown = false
    private var givesUpAt = UInt64.max
    private var endsAt = UInt64.max
    /// Whether the pool knows that this worker brings no more codes.
    private var hasStoppedCollecting = false
    private var watchdog: RepeatedTask?

    init(_ share: Share, on eventLoop: any EventLoop) {
        plan = share.plan
        mix = share.plan.mix
        checkout = CheckoutTemplate(plan: share.plan)
        purchase = PurchaseTemplate(plan: share.plan)
        scheduled = ScheduledTemplate(plan: share.plan)
        pool = share.pool
        schedule = share.schedule
        address = share.address
        timeoutNanoseconds = UInt64(share.plan.timeoutSeconds) * 1_000_000_000
        finished = eventLoop.makePromise()
        self.eventLoop = eventLoop
        let isNumbered = share.schedule == nil && share.plan.isClosed
        numbers = NumberSource(
            share.index,
            stride: share.count,
            end: isNumbered ? share.plan.requests : 0
        )
        if share.schedule == nil, case .open(let curve, let arrivals) = share.plan.model {
            open = OpenLoad(share, curve, arrivals)
        }
        if share.plan.keepsHistory { history = LoadHistory(offset: share.index, stride: share.count) }
        connections = Array(repeating: nil, count: share.connections)
        fruitless = Array(repeating: 0, count: share.connections)
        places = Array((0..<share.connections).reversed())
    }

    /// Sends everything; the future is fulfilled when every request has ended or cannot be sent. The closed model opens
    /// all its connections first, so that the set-up is not measured; the open one begins at `time`, monotonic.
    func run(at time: UInt64) -> EventLoopFuture<Void> {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        watchdog = eventLoop.scheduleRepeatedTask(initialDelay: LoadWorker.tick, delay: LoadWorker.tick) { _ in
            bound.value.look()
        }
        pool?.onWork { [eventLoop] in eventLoop.execute { bound.value.wake() } }
        schedule?.onWork { [eventLoop] in eventLoop.execute { bound.value.wake() } }
        if open != nil { start(at: time) } else { connectMore() }
        return finished.futureResult
    }

    /// Whether requests are sent already.
    var isStarted: Bool { startedAt != nil }

    func start(at time: UInt64) {
        startedAt = time
        warmUntil = plan.warmupSeconds > 0 ? time + UInt64(plan.warmupSeconds * 1e9) : 0
        if let seconds = plan.durationSeconds, open == nil { endsAt = time + UInt64(seconds * 1e9) }
        if open != nil { beginArrivals(at: time) }
    }

    /// Ends the test now; requests in flight stay unanswered.
    func stop() {
        guard !isFinished else { return }
        isFinished = true
        abandonWaiting()
        for connection in connections {
            if let unanswered = connection?.inFlight { history?.failed(unanswered.request) }
        }
        watchdog?.cancel()
        finished.succeed(())
        for connection in connections { connection?.close() }
    }

    /// Sends nothing more, and ends when the answers are there or ``LoadPlan/patience`` is over.
    func windDown() {
        guard !isFinished, !isWindingDown else { return }
        isWindingDown = true
        numbers.endNow()
        abandonWaiting()
        givesUpAt = NIODeadline.now().uptimeNanoseconds + UInt64(LoadPlan.patience) * 1_000_000_000
        finishIfDone()
    }

    /// What was counted since the last time.
    func handOver() -> LoadShare {
        var share = LoadShare()
        swap(&share.counts, &counts)
        if plan.warmupSeconds > 0 { swap(&share.warm, &warm) }
        share.inFlight = UInt64(otherInFlight + purchasesInFlight)
        share.waiting = UInt64((open?.backlog.count ?? 0) + followUps.count)
        share.startedAt = startedAt
        share.threadSeconds = ProcessorTime.ofThread() - polledSeconds
        share.polledSeconds = polledSeconds
        return share
    }

    /// Whether the closed model may send its next request at this monotonic time.
    func mayContinue(at now: UInt64) -> Bool {
        if now < endsAt { return true }
        numbers.endNow()
        return false
    }

    // MARK: Called by connections

    /// Whether the codes of 201s are to be read.
    var wantsCodes: Bool { pool != nil || schedule != nil || history != nil }

    /// Replaces what the buffer holds by the bytes of a request.
    func write(_ request: LoadRequest, into buffer: inout ByteBuffer) {
        switch request {
        case .checkout(let number), .repetition(let number): checkout.write(number: number, into: &buffer)
        case .invalid(let number): checkout.write(invalid: number, into: &buffer)
        case .guess(let number): purchase.write(guess: number, into: &buffer)
        case .purchase(let job): purchase.write(code: job.code, into: &buffer)
        case .giveBack(let code): purchase.write(giveBack: code, into: &buffer)
        case .scheduled(let request): scheduled.write(request, into: &buffer)
        }
    }

    /// Lets idle connections look for something to send.
    func wake() {
        while !isFinished, let connection = popIdle() {
            if !connection.sendNext() { break }
        }
        if open != nil { openForWaiting() }
        finishIfDone()
    }

    /// A connection that is free.
    func popIdle() -> LoadConnection? {
        while let connection = idle.popLast() {
            if connection.isIdle { return connection }
        }
        return nil
    }

    // MARK: The end

    /// Whether requests are left that no connection has taken.
    var hasMoreToSend: Bool {
        if isWindingDown { return false }
        if let schedule { return !schedule.isDone }
        return numbers.hasMore || open?.hasMore == true || !followUps.isEmpty || pendingFollowUps > 0
    }

    func finishIfDone() {
        guard isStarted, !isFinished, otherInFlight == 0 else { return }
        let hopeless = openConnections == 0 && connecting == 0 && retrying == 0 && places.isEmpty
        if !hasMoreToSend || hopeless, !hasStoppedCollecting {
            hasStoppedCollecting = true
            pool?.collectorEnded()
        }
        guard purchasesInFlight == 0 else { return }
        if isWindingDown || hopeless || !hasMoreToSend && pool?.isDone ?? true { stop() }
    }

    /// Once a second: what has waited too long.
    private func look() {
        let now = NIODeadline.now().uptimeNanoseconds
        for connection in connections {
            guard let connection, let sentAt = connection.inFlight?.sentAt, now > sentAt + timeoutNanoseconds else {
                continue
            }
            connection.fail(.timeout)
        }
        if now >= endsAt { numbers.endNow() }
        // Requests that are due have waited for a connection as long as others for their answer.
        if let open, open.isOver, now > open.endsAt + timeoutNanoseconds, otherInFlight == 0 { abandonWaiting() }
        if openConnections > 0 { reachedAt = now }
        // A server that nobody could reach for so long after the plan: what it should still be asked stays unsent.
        let isGone = refusedInRow > 0 && now > max(reachedAt, open?.endsAt ?? now) + timeoutNanoseconds
        if now > givesUpAt || isGone { stop() } else { finishIfDone() }
    }
}
