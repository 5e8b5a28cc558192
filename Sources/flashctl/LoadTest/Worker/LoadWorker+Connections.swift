import NIOCore
import NIOPosix

/// The connections of a worker.
extension LoadWorker {
    func connectMore() {
        while connecting < LoadWorker.maximumConnecting, let place = places.popLast() { connect(place) }
        startIfConnected()
    }

    func connect(_ place: Int) {
        connecting += 1
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        ClientBootstrap(group: eventLoop)
            .connectTimeout(LoadWorker.connectTimeout)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = LoadConnection(slot: place, worker: bound.value)
                    bound.value.connections[place] = connection
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
            .connect(to: address)
            .whenComplete { result in bound.value.connected(place, result) }
    }

    private func connected(_ place: Int, _ result: Result<any Channel, any Error>) {
        connecting -= 1
        switch result {
        case .success(let channel):
            openConnections += 1
            refusedInRow = 0
            guard !isFinished else { return channel.close(promise: nil) }
            if isStarted { connections[place]?.sendNext() }
        case .failure(let error):
            connections[place] = nil
            guard !isFinished else { return }
            refusedInRow += 1
            counts.checkouts.recordConnectFailure(NetworkErrorKind(connecting: error))
            reconnect(place)
        }
        if open == nil { connectMore() } else { openForWaiting() }
    }

    func connectionClosed(_ connection: LoadConnection) {
        connections[connection.slot] = nil
        openConnections -= 1
        // The code that this connection has brought may be for another one.
        if let pool, pool.hasReady { pool.wakeAll() }
        if schedule != nil { wake() }
        if open != nil, fruitless[connection.slot] == 0 {
            places.append(connection.slot)
            openForWaiting()
            finishIfDone()
        } else {
            reconnect(connection.slot)
        }
    }

    /// Fills a place again, later and later. The closed model gives it up after some connections without any answer;
    /// the open one goes on to the end of its plan, since its requests wait.
    private func reconnect(_ place: Int) {
        guard !isFinished, hasMoreToSend || pool?.isDone == false else { return finishIfDone() }
        if open != nil { fruitless[place] = min(fruitless[place], LoadWorker.maximumFruitless - 2) }
        fruitless[place] += 1
        guard fruitless[place] < LoadWorker.maximumFruitless else { return finishIfDone() }
        retrying += 1
        let delay = fruitless[place] == 1 ? TimeAmount.zero : .milliseconds(50 << Int64(fruitless[place]))
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: delay) {
            let worker = bound.value
            worker.retrying -= 1
            worker.places.append(place)
            if worker.open == nil { worker.connectMore() } else { worker.openForWaiting() }
        }
    }

    /// The first requests of the closed model are sent when all connections stand or have failed, so that the set-up is
    /// not measured.
    private func startIfConnected() {
        guard !isStarted, connecting == 0, retrying == 0, places.isEmpty, !isFinished else { return }
        let now = NIODeadline.now().uptimeNanoseconds
        start(at: now)
        counts.checkouts.firstSentAt = now
        for connection in connections { connection?.sendNext() }
        finishIfDone()
    }
}
