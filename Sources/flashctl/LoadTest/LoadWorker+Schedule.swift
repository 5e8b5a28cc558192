import NIOCore

extension LoadWorker {
    /// What a free connection sends of a schedule; nil when it has to wait, or nothing is left.
    func nextScheduled(for connection: LoadConnection, _ schedule: LoadSchedule) -> RequestInFlight? {
        let now = NIODeadline.now().uptimeNanoseconds
        switch schedule.take(now: now) {
        case .send(let request):
            count(request.action) { tally in
                if tally.firstSentAt == 0 { tally.firstSentAt = now }
                tally.sent += 1
            }
            let intended = request.dueAt == 0 ? now : request.dueAt
            return RequestInFlight(request: .scheduled(request), sentAt: now, intendedAt: intended)
        case .later(let time):
            idle.append(connection)
            wake(at: time)
        case .nothing: idle.append(connection)
        case .done: break
        }
        return nil
    }

    /// Counts the answer to a scheduled request, from the time at which it should have been sent.
    func settle(_ request: ScheduledRequest, intendedAt: UInt64, scanner: borrowing ResponseScanner, now: UInt64) {
        switch request.action {
        case .checkout: counts.checkouts.record(scanner, sentAt: intendedAt, now: now)
        case .purchase: counts.purchases.requests.record(scanner, sentAt: intendedAt, now: now)
        case .giveBack: counts.releases.record(scanner, sentAt: intendedAt, now: now)
        }
        let code = scanner.status == 201 ? HoldCodeText.find(in: scanner.bodyStart) : nil
        schedule?.ended(request, status: scanner.status, code: code)
    }

    /// Counts a scheduled request that got no answer.
    func lost(_ request: ScheduledRequest, _ kind: NetworkErrorKind) {
        count(request.action) { $0.recordFailure(kind) }
        schedule?.ended(request, status: nil, code: nil)
    }

    private func count(_ action: ScheduledRequest.Action, _ body: (inout LoadTally) -> Void) {
        switch action {
        case .checkout: body(&counts.checkouts)
        case .purchase: body(&counts.purchases.requests)
        case .giveBack: body(&counts.releases)
        }
    }

    /// Looks for work at this monotonic time; one timer is enough, since the earliest request comes first.
    private func wake(at time: UInt64) {
        guard time < scheduledWake else { return }
        scheduledWake = time
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(deadline: .uptimeNanoseconds(time)) {
            bound.value.scheduledWake = .max
            bound.value.wake()
        }
    }
}
