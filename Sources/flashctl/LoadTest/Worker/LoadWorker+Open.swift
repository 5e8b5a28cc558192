import NIOCore

/// The open model: requests have their times.
extension LoadWorker: NIOScheduledCallbackHandler {
    /// A request that is looked at so late after the end of the plan still belongs to it; nanoseconds.
    private static let grace: UInt64 = 10_000_000

    func beginArrivals(at time: UInt64) {
        open?.begin(at: time)
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(deadline: .uptimeNanoseconds(time - min(time, LoadWorker.earlyTime))) {
            bound.value.openEarly()
        }
        setTimer()
        finishIfDone()
    }

    func handleScheduledCallback(eventLoop: some EventLoop) {
        sendDue()
    }

    /// Sends what is due, and leaves waiting what finds no free connection.
    private func sendDue() {
        guard !isFinished, !isWindingDown else { return }
        while let due = open?.upcoming {
            let now = NIODeadline.now().uptimeNanoseconds
            guard due.dueAt <= now else { break }
            open?.advance()
            let isInTime = open.map { now <= $0.endsAt + LoadWorker.grace } ?? false
            withTiming(intendedAt: due.dueAt) { timing in
                timing.scheduled += 1
                timing.recordLag(now - due.dueAt)
                if isInTime { timing.inTime += 1 }
            }
            if open?.backlog.isEmpty == true, let connection = popIdle() {
                connection.send(flying(number: due.number, at: now, intendedAt: due.dueAt))
            } else if (open?.backlog.count ?? 0) < LoadPlan.mostWaiting {
                open?.backlog.append(due)
            } else {
                counts.timing.givenUp += 1
            }
        }
        openForWaiting()
        setTimer()
        if open?.isOver == true { finishIfDone() }
    }

    private func setTimer() {
        guard let time = open?.upcoming?.dueAt, !isFinished else { return }
        do {
            _ = try eventLoop.assumeIsolated().scheduleCallback(at: .uptimeNanoseconds(time), handler: self)
        } catch {
            // Only a loop that has ended refuses a timer.
            stop()
        }
    }

    /// Opens some connections before the first request is due: opening them takes the time in which it should be sent.
    private func openEarly() {
        guard !isFinished, !isWindingDown else { return }
        while connecting < LoadWorker.earlyConnections, let place = places.popLast() { connect(place) }
    }

    /// Opens connections for what waits, as far as the plan allows.
    func openForWaiting() {
        // A server that refuses is tried at one place, later and later; when it is back, everything connects at once.
        guard !isFinished, let open, refusedInRow == 0 || connecting + retrying == 0 else { return }
        let wanted = open.backlog.count + followUps.count + (pool?.hasReady == true ? 1 : 0)
        let most = refusedInRow > 0 ? 1 : LoadWorker.maximumConnecting
        while connecting < min(wanted, most), let place = places.popLast() { connect(place) }
    }

    /// Gives up everything that is due and not sent.
    func abandonWaiting() {
        let waiting = (open?.backlog.count ?? 0) + followUps.count
        counts.timing.givenUp += UInt64(waiting)
        open?.end()
        open?.backlog.removeAll()
        followUps.removeAll()
    }
}
