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

    let template: CheckoutTemplate
    private(set) var tally = LoadTally()
    /// Monotonic time at which this worker began to connect.
    private(set) var connectingSince: UInt64 = 0

    private let eventLoop: any EventLoop
    private let address: SocketAddress
    private let timeoutNanoseconds: UInt64
    private let finished: EventLoopPromise<LoadTally>
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
    private var watchdog: RepeatedTask?

    init(plan: LoadPlan, numbers: Range<Int>, connections: Int, address: SocketAddress, on eventLoop: any EventLoop) {
        template = CheckoutTemplate(plan: plan)
        timeoutNanoseconds = UInt64(plan.timeoutSeconds) * 1_000_000_000
        finished = eventLoop.makePromise()
        self.eventLoop = eventLoop
        self.address = address
        self.numbers = numbers
        self.connections = Array(repeating: nil, count: connections)
        fruitless = Array(repeating: 0, count: connections)
    }

    /// Opens all connections, then sends; the future is fulfilled when every request has ended or cannot be sent.
    func run() -> EventLoopFuture<LoadTally> {
        connectingSince = NIODeadline.now().uptimeNanoseconds
        waiting = Array(connections.indices.reversed())
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        watchdog = eventLoop.scheduleRepeatedTask(initialDelay: LoadWorker.tick, delay: LoadWorker.tick) { _ in
            bound.value.closeOverdue()
        }
        connectMore()
        return finished.futureResult
    }

    /// Ends the test now; requests in flight stay unanswered.
    func stop() {
        guard !isFinished else { return }
        isFinished = true
        watchdog?.cancel()
        finished.succeed(tally)
        for connection in connections { connection?.close() }
    }

    /// Requests in flight.
    var inFlight: UInt64 { tally.sent - tally.answered - tally.failed }

    // MARK: Called by connections

    /// The number of the next request, nil when all were sent.
    func takeRequest() -> Int? {
        guard !isFinished, let number = numbers.popFirst() else { return nil }
        tally.sent += 1
        return number
    }

    func answered(slot: Int, sentAt: UInt64, scanner: borrowing ResponseScanner) {
        let now = NIODeadline.now().uptimeNanoseconds
        tally.lastAnsweredAt = now
        tally.record(status: scanner.status, nanoseconds: now - sentAt)
        if scanner.status >= 400 { tally.recordRefusal(status: scanner.status, body: scanner.bodyStart) }
        fruitless[slot] = 0
        finishIfDone()
    }

    func failed(_ kind: NetworkErrorKind) {
        guard !isFinished else { return }
        tally.recordFailure(kind)
        finishIfDone()
    }

    func connectionClosed(_ connection: LoadConnection) {
        connections[connection.slot] = nil
        open -= 1
        reconnect(connection.slot)
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
            tally.recordConnectFailure(NetworkErrorKind(connecting: error))
            reconnect(slot)
        }
        connectMore()
    }

    /// Fills a place again, later and later; gives it up after some connections without any answer.
    private func reconnect(_ slot: Int) {
        guard !isFinished, !numbers.isEmpty else { return finishIfDone() }
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
        tally.firstSentAt = NIODeadline.now().uptimeNanoseconds
        for connection in connections { connection?.sendNext() }
        finishIfDone()
    }

    private func finishIfDone() {
        guard started, !isFinished, inFlight == 0 else { return }
        let hopeless = open == 0 && connecting == 0 && retrying == 0 && waiting.isEmpty
        if numbers.isEmpty || hopeless { stop() }
    }

    private func closeOverdue() {
        let now = NIODeadline.now().uptimeNanoseconds
        for connection in connections {
            guard let connection, let sentAt = connection.sentAt, now > sentAt + timeoutNanoseconds else { continue }
            connection.fail(.timeout)
        }
    }
}
