import NIOCore

extension LoadWorker {
    /// What a free connection sends of a schedule; nil when it has to wait, or nothing is left.
    func nextScheduled(for connection: LoadConnection, _ schedule: LoadSchedule) -> RequestInFlight? {
        let now = NIODeadline.now().uptimeNanoseconds
        switch schedule.take(now: now) {
        case .send(let request):
            let intended = request.dueAt == 0 ? now : request.dueAt
            otherInFlight += 1
            if case .checkout = request.action {
                withTiming(intendedAt: intended) {
                    $0.scheduled += 1
                    $0.sent += 1
                }
            }
            withTally(of: .scheduled(request), intendedAt: intended) { $0.recordSent(at: now) }
            return RequestInFlight(request: .scheduled(request), sentAt: now, intendedAt: intended)
        case .later(let time):
            idle.append(connection)
            wake(at: time)
        case .nothing: idle.append(connection)
        case .done: break
        }
        return nil
    }

    /// Tells the schedule how a request was answered.
    func settle(_ request: ScheduledRequest, scanner: borrowing ResponseScanner) {
        let code = scanner.status == 201 ? HoldCodeText.find(in: scanner.bodyStart) : nil
        schedule?.ended(request, status: scanner.status, code: code)
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
