import NIOCore

/// What is sent next, and what the answers mean.
extension LoadWorker {
    /// What a free connection sends now: a purchase that waits, else a follow-up, else the next request of the plan;
    /// nil when there is none. A connection that got nothing is called when there is something again.
    func nextRequest(for connection: LoadConnection) -> RequestInFlight? {
        guard !isFinished else { return nil }
        if isWindingDown {
            idle.append(connection)
            return nil
        }
        if let schedule { return nextScheduled(for: connection, schedule) }
        let now = NIODeadline.now().uptimeNanoseconds
        if let job = pool?.take() { return flying(job, at: now) }
        if let next = followUps.popFirst() { return flying(next.request, at: now, intendedAt: next.dueAt) }
        if open != nil {
            if let waiting = open?.backlog.popFirst() {
                return flying(number: waiting.number, at: now, intendedAt: waiting.dueAt)
            }
        } else if pool?.hasRoom ?? true, mayContinue(at: now), let number = numbers.next() {
            withTiming(intendedAt: now) { $0.scheduled += 1 }
            return flying(number: number, at: now, intendedAt: now)
        }
        if pool != nil || open != nil || pendingFollowUps > 0 { idle.append(connection) }
        return nil
    }

    /// A request of the plan, counted as sent.
    func flying(number: Int, at now: UInt64, intendedAt: UInt64) -> RequestInFlight {
        withTiming(intendedAt: intendedAt) { $0.sent += 1 }
        switch mix.flows[mix.flow(number)].action {
        case .checkout: return flying(.checkout(number: number), at: now, intendedAt: intendedAt)
        case .invalid: return flying(.invalid(number: number), at: now, intendedAt: intendedAt)
        case .guess: return flying(.guess(number: number), at: now, intendedAt: intendedAt)
        case .purchase:
            guard var job = pool?.takeHandedOver() else {
                return flying(.guess(number: number), at: now, intendedAt: intendedAt)
            }
            job.dueAt = intendedAt
            return flying(job, at: now)
        }
    }

    private func flying(_ request: LoadRequest, at now: UInt64, intendedAt: UInt64) -> RequestInFlight {
        activity &+= 1
        otherInFlight += 1
        withTally(of: request, intendedAt: intendedAt) { $0.recordSent(at: now) }
        return RequestInFlight(request: request, sentAt: now, intendedAt: intendedAt)
    }

    /// Hands what is known of the times of the plan to `body`.
    func withTiming(intendedAt: UInt64, _ body: (inout ScheduleTally) -> Void) {
        if intendedAt < warmUntil { body(&warm.timing) } else { body(&counts.timing) }
    }

    /// Hands the tally in which a request counts to `body`.
    func withTally(of request: LoadRequest, intendedAt: UInt64, _ body: (inout LoadTally) -> Void) {
        if intendedAt < warmUntil {
            LoadWorker.withTally(of: request, in: &warm, body)
        } else {
            LoadWorker.withTally(of: request, in: &counts, body)
        }
    }

    private static func withTally(
        of request: LoadRequest,
        in counts: inout LoadCounts,
        _ body: (inout LoadTally) -> Void
    ) {
        switch request {
        case .checkout, .repetition, .invalid: body(&counts.checkouts)
        case .purchase: body(&counts.purchases.requests)
        case .guess: body(&counts.guesses)
        case .giveBack: body(&counts.releases)
        case .scheduled(let request):
            switch request.action {
            case .checkout: body(&counts.checkouts)
            case .purchase: body(&counts.purchases.requests)
            case .giveBack: body(&counts.releases)
            }
        }
    }

    func answered(slot: Int, _ ended: RequestInFlight, scanner: borrowing ResponseScanner) {
        activity &+= 1
        let now = NIODeadline.now().uptimeNanoseconds
        // In the closed model both times are the same, and one histogram is enough.
        let sentAt = open == nil && schedule == nil ? nil : ended.sentAt
        withTally(of: ended.request, intendedAt: ended.intendedAt) { tally in
            tally.record(scanner, intendedAt: ended.intendedAt, sentAt: sentAt, now: now)
        }
        history?.answered(ended.request, scanner)
        switch ended.request {
        case .checkout(let number):
            otherInFlight -= 1
            if scanner.status == 201 { won(number, scanner.bodyStart) }
            repeatIfWanted(number, at: now)
        case .repetition, .invalid, .guess, .giveBack: otherInFlight -= 1
        case .purchase(let job):
            purchasesInFlight -= 1
            settle(job, intendedAt: ended.intendedAt, scanner: scanner, now: now)
        case .scheduled(let request):
            otherInFlight -= 1
            settle(request, scanner: scanner)
        }
        fruitless[slot] = 0
        finishIfDone()
    }

    func failed(_ ended: RequestInFlight, _ kind: NetworkErrorKind) {
        guard !isFinished else { return }
        let now = NIODeadline.now().uptimeNanoseconds
        withTally(of: ended.request, intendedAt: ended.intendedAt) { tally in
            tally.recordFailure(kind, nanoseconds: now - ended.intendedAt)
        }
        history?.failed(ended.request)
        switch ended.request {
        case .checkout(let number):
            otherInFlight -= 1
            repeatIfWanted(number, at: now)
        case .repetition, .invalid, .guess, .giveBack: otherInFlight -= 1
        case .purchase:
            // Whether it was bought is not known; the code is not asked again, so that the error stays visible.
            purchasesInFlight -= 1
            pool?.settled()
        case .scheduled(let request):
            otherInFlight -= 1
            schedule?.ended(request, status: nil, code: nil)
        }
        finishIfDone()
    }

    // MARK: Follow-ups

    private func repeatIfWanted(_ number: Int, at now: UInt64) {
        guard mix.isRepeated(number, flow: mix.flow(number)), !isWindingDown else { return }
        follow(.repetition(number: number), after: mix.repetitionPause(number), at: now)
    }

    /// Sends something in so many milliseconds.
    func follow(_ request: LoadRequest, after milliseconds: Int, at now: UInt64) {
        let dueAt = now + UInt64(milliseconds) * 1_000_000
        pendingFollowUps += 1
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(deadline: .uptimeNanoseconds(dueAt)) {
            let worker = bound.value
            worker.pendingFollowUps -= 1
            guard !worker.isFinished, !worker.isWindingDown else { return worker.finishIfDone() }
            worker.followUps.append(FollowUp(request: request, dueAt: dueAt))
            worker.wake()
        }
    }
}
