import NIOCore
import NIOPosix

/// The part of a load test that runs on one event loop: its share of the requests and connections. Everything here
/// happens on that loop.
final class LoadWorker {
    /// Connections that are being set up at the same time: more would overflow the server's queue of new ones.
    private static let maximumConnecting = 64
    /// Connections of one place that end without any answer before the place is given up.
    private static let maximumFruitless = 5
    private static let connectTimeout = TimeAmount.seconds(5)
    private static let tick = TimeAmount.seconds(1)

    var counts = LoadCounts()
    /// Monotonic time at which this worker began to connect.
    private(set) var connectingSince: UInt64 = 0

    /// The codes that are paid for, nil when none are.
    let pool: PurchasePool?
    /// What is sent instead of numbered checkouts, nil for those.
    let schedule: LoadSchedule?
    let eventLoop: any EventLoop
    private let checkout: CheckoutTemplate
    private let purchase: PurchaseTemplate
    private let scheduled: ScheduledTemplate
    private let address: SocketAddress
    private let timeoutNanoseconds: UInt64
    private let finished: EventLoopPromise<LoadCounts>
    private var numbers: Range<Int>
    private var connections: [LoadConnection?]
    /// Connections of each place in a row that brought no answer.
    private var fruitless: [Int]
    private var waiting: [Int] = []
    private var connecting = 0
    private var retrying = 0
    private var open = 0
    private var started = false
    private var isFinished = false
    /// Whether the pool knows that this worker brings no more codes.
    private var hasStoppedCollecting = false
    /// Connections that found nothing to send; some may be closed by now.
    var idle: [LoadConnection] = []
    /// When the timer of the schedule goes off.
    var scheduledWake = UInt64.max
    private var watchdog: RepeatedTask?

    init(
        plan: LoadPlan,
        numbers: Range<Int>,
        connections: Int,
        address: SocketAddress,
        pool: PurchasePool?,
        schedule: LoadSchedule? = nil,
        on eventLoop: any EventLoop
    ) {
        checkout = CheckoutTemplate(plan: plan)
        purchase = PurchaseTemplate(plan: plan)
        scheduled = ScheduledTemplate(plan: plan)
        self.pool = pool
        self.schedule = schedule
        timeoutNanoseconds = UInt64(plan.timeoutSeconds) * 1_000_000_000
        finished = eventLoop.makePromise()
        self.eventLoop = eventLoop
        self.address = address
        self.numbers = numbers
        self.connections = Array(repeating: nil, count: connections)
        fruitless = Array(repeating: 0, count: connections)
    }

    /// Opens all connections, then sends; the future is fulfilled when every request has ended or cannot be sent.
    func run() -> EventLoopFuture<LoadCounts> {
        connectingSince = NIODeadline.now().uptimeNanoseconds
        waiting = Array(connections.indices.reversed())
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        watchdog = eventLoop.scheduleRepeatedTask(initialDelay: LoadWorker.tick, delay: LoadWorker.tick) { _ in
            bound.value.closeOverdue()
        }
        pool?.onWork { [eventLoop] in eventLoop.execute { bound.value.wake() } }
        schedule?.onWork { [eventLoop] in eventLoop.execute { bound.value.wake() } }
        connectMore()
        return finished.futureResult
    }

    /// Ends the test now; requests in flight stay unanswered.
    func stop() {
        guard !isFinished else { return }
        isFinished = true
        watchdog?.cancel()
        finished.succeed(counts)
        for connection in connections { connection?.close() }
    }

    // MARK: Called by connections

    /// Whether the codes of 201s are to be read.
    var wantsCodes: Bool { pool != nil || schedule != nil }

    /// What a free connection sends now: a purchase that waits, else the next checkout; nil when there is neither. A
    /// connection that got nothing is called when there is something again.
    func nextRequest(for connection: LoadConnection) -> RequestInFlight? {
        guard !isFinished else { return nil }
        if let schedule { return nextScheduled(for: connection, schedule) }
        let now = NIODeadline.now().uptimeNanoseconds
        if let job = pool?.take() { return RequestInFlight(request: .purchase(sending(job, at: now)), sentAt: now) }
        if pool?.hasRoom ?? true, let number = numbers.popFirst() {
            counts.checkouts.sent += 1
            return RequestInFlight(request: .checkout(number: number), sentAt: now)
        }
        if pool != nil { idle.append(connection) }
        return nil
    }

    /// Replaces what the buffer holds by the bytes of a request.
    func write(_ request: LoadRequest, into buffer: inout ByteBuffer) {
        switch request {
        case .checkout(let number): checkout.write(number: number, into: &buffer)
        case .purchase(let job): purchase.write(code: job.code, into: &buffer)
        case .scheduled(let request): scheduled.write(request, into: &buffer)
        }
    }

    func answered(slot: Int, _ ended: RequestInFlight, scanner: borrowing ResponseScanner) {
        let now = NIODeadline.now().uptimeNanoseconds
        switch ended.request {
        case .checkout:
            counts.checkouts.record(scanner, sentAt: ended.sentAt, now: now)
            if scanner.status == 201, let pool { collect(scanner.bodyStart, into: pool) }
        case .purchase(let job):
            counts.purchases.requests.record(scanner, sentAt: ended.sentAt, now: now)
            settle(job, status: scanner.status, scanner: scanner, now: now)
        case .scheduled(let request):
            settle(request, intendedAt: ended.intendedAt, scanner: scanner, now: now)
        }
        fruitless[slot] = 0
        finishIfDone()
    }

    func failed(_ request: LoadRequest, _ kind: NetworkErrorKind) {
        guard !isFinished else { return }
        switch request {
        case .checkout: counts.checkouts.recordFailure(kind)
        case .purchase:
            // Whether it was bought is not known; the code is not asked again, so that the error stays visible.
            counts.purchases.requests.recordFailure(kind)
            pool?.settled()
        case .scheduled(let request): lost(request, kind)
        }
        finishIfDone()
    }

    func connectionClosed(_ connection: LoadConnection) {
        connections[connection.slot] = nil
        open -= 1
        // The code that this connection has brought may be for another one.
        if let pool, pool.hasReady { pool.wakeAll() }
        if schedule != nil { wake() }
        reconnect(connection.slot)
    }

    /// Lets idle connections look for something to send.
    func wake() {
        while !isFinished, let connection = idle.popLast() {
            guard connection.isIdle else { continue }
            if !connection.sendNext() { break }
        }
        finishIfDone()
    }

    // MARK: Connections

    private func connectMore() {
        while connecting < LoadWorker.maximumConnecting, let slot = waiting.popLast() { connect(slot) }
        startIfConnected()
    }

    private func connect(_ slot: Int) {
        connecting += 1
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        ClientBootstrap(group: eventLoop)
            .connectTimeout(LoadWorker.connectTimeout)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = LoadConnection(slot: slot, worker: bound.value)
                    bound.value.connections[slot] = connection
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
            .connect(to: address)
            .whenComplete { result in bound.value.connected(slot, result) }
    }

    private func connected(_ slot: Int, _ result: Result<any Channel, any Error>) {
        connecting -= 1
        switch result {
        case .success(let channel):
            open += 1
            guard !isFinished else { return channel.close(promise: nil) }
            if started { connections[slot]?.sendNext() }
        case .failure(let error):
            connections[slot] = nil
            guard !isFinished else { return }
            counts.checkouts.recordConnectFailure(NetworkErrorKind(connecting: error))
            reconnect(slot)
        }
        connectMore()
    }

    /// Fills a place again, later and later; gives it up after some connections without any answer.
    private func reconnect(_ slot: Int) {
        guard !isFinished, hasMoreToSend || pool?.isDone == false else { return finishIfDone() }
        fruitless[slot] += 1
        guard fruitless[slot] < LoadWorker.maximumFruitless else { return finishIfDone() }
        retrying += 1
        let delay = fruitless[slot] == 1 ? TimeAmount.zero : .milliseconds(50 << Int64(fruitless[slot]))
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: delay) {
            bound.value.retrying -= 1
            bound.value.waiting.append(slot)
            bound.value.connectMore()
        }
    }

    /// The first requests are sent when all connections stand or have failed, so that the set-up is not measured.
    private func startIfConnected() {
        guard !started, connecting == 0, retrying == 0, waiting.isEmpty, !isFinished else { return }
        started = true
        counts.checkouts.firstSentAt = NIODeadline.now().uptimeNanoseconds
        for connection in connections { connection?.sendNext() }
        finishIfDone()
    }

    /// Whether checkouts are left that no connection has taken.
    private var hasMoreToSend: Bool { schedule.map { !$0.isDone } ?? !numbers.isEmpty }

    private func finishIfDone() {
        guard started, !isFinished, counts.checkouts.inFlight == 0, counts.releases.inFlight == 0 else { return }
        let hopeless = open == 0 && connecting == 0 && retrying == 0 && waiting.isEmpty
        if !hasMoreToSend || hopeless, !hasStoppedCollecting {
            hasStoppedCollecting = true
            pool?.collectorEnded()
        }
        guard counts.purchases.requests.inFlight == 0 else { return }
        if hopeless || !hasMoreToSend && pool?.isDone ?? true { stop() }
    }

    private func closeOverdue() {
        let now = NIODeadline.now().uptimeNanoseconds
        for connection in connections {
            guard let connection, let sentAt = connection.inFlight?.sentAt, now > sentAt + timeoutNanoseconds else {
                continue
            }
            connection.fail(.timeout)
        }
    }
}
