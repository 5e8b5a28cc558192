import NIOCore

/// The open model: requests have their times.
extension LoadWorker: NIOScheduledCallbackHandler {
    /// A request that is looked at so late after the end of the plan still belongs to it; nanoseconds.
    private static let grace: UInt64 = 10_000_000

    func beginArrivals() {
        guard let time = startedAt else { return }
        open?.begin(at: time)
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
            if due.dueAt < warmUntil { count(due, at: now, &warm) } else { count(due, at: now, &counts) }
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

    private func count(_ due: OpenLoad.Waiting, at now: UInt64, _ counts: inout LoadCounts) {
        counts.timing.scheduled += 1
        counts.timing.recordLag(now - due.dueAt)
        if let end = open?.endsAt, now <= end + LoadWorker.grace { counts.timing.inTime += 1 }
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

    /// Opens connections for what waits, as far as the plan allows.
    func openForWaiting() {
        guard !isFinished, let open else { return }
        let wanted = open.backlog.count + followUps.count + (pool?.hasReady == true ? 1 : 0)
        while connecting < min(wanted, LoadWorker.maximumConnecting), let place = places.popLast() { connect(place) }
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
