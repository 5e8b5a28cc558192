import NIOCore

extension LoadWorker {
    /// Wait before a code is asked again when a 202 does not name one, and the longest that is obeyed; seconds.
    private static let defaultRetry = 1
    private static let longestRetry = 30

    /// A purchase, counted as sent.
    func flying(_ job: PurchaseJob, at now: UInt64) -> RequestInFlight {
        var job = job
        let intendedAt = open == nil || job.dueAt == 0 ? now : job.dueAt
        withPurchases(intendedAt: intendedAt) { tally in
            if job.tries == 0 { job.firstSentAt = now } else { tally.askedAgain += 1 }
            tally.requests.recordSent(at: now)
        }
        job.tries += 1
        purchasesInFlight += 1
        return RequestInFlight(request: .purchase(job), sentAt: now, intendedAt: intendedAt)
    }

    private func withPurchases(intendedAt: UInt64, _ body: (inout PurchaseTally) -> Void) {
        if intendedAt < warmUntil { body(&warm.purchases) } else { body(&counts.purchases) }
    }

    /// Does with the code of a 201 what its winner does.
    func won(_ number: Int, _ body: [UInt8]) {
        guard let pool else { return }
        guard let code = HoldCodeText.find(in: body) else {
            counts.purchases.withoutCode += 1
            return
        }
        let now = NIODeadline.now().uptimeNanoseconds
        switch mix.flows[mix.flow(number)].winners {
        case .pay(let percent): pool.collect(code, percent: percent, dueAt: now)
        case .handOver: pool.handOver(code)
        case .habits(let habits):
            switch mix.decision(number, habits) {
            case .pay(let milliseconds): payLater(code, after: milliseconds, at: now, pool)
            case .giveBack(let milliseconds):
                pool.leave()
                follow(.giveBack(code: code), after: milliseconds, at: now)
            case .abandon: pool.leave()
            }
        }
    }

    private func payLater(_ code: [UInt8], after milliseconds: Int, at now: UInt64, _ pool: PurchasePool) {
        let job = PurchaseJob(code: code, dueAt: now + UInt64(milliseconds) * 1_000_000)
        pool.plan()
        eventLoop.scheduleTask(deadline: .uptimeNanoseconds(job.dueAt)) { pool.due(job) }
    }

    /// Decides what the answer to a purchase means for its code.
    func settle(_ job: PurchaseJob, intendedAt: UInt64, scanner: borrowing ResponseScanner, now: UInt64) {
        guard let pool else { return }
        switch scanner.status {
        case 200:
            let isReplayed = scanner.isReplayed
            let waited = now - job.firstSentAt
            withPurchases(intendedAt: intendedAt) { tally in
                tally.recordSuccess(replayed: isReplayed, tries: job.tries, nanoseconds: waited)
            }
        case 202 where job.tries < LoadPlan.purchaseTries:
            return askAgain(job, after: scanner.retryAfter ?? LoadWorker.defaultRetry, pool)
        case 202: withPurchases(intendedAt: intendedAt) { $0.givenUp += 1 }
        default: break
        }
        pool.settled()
    }

    private func askAgain(_ job: PurchaseJob, after seconds: Int, _ pool: PurchasePool) {
        pool.postponed()
        // A zero would be a loop without a pause.
        let delay = seconds == 0 ? TimeAmount.milliseconds(100) : .seconds(Int64(min(seconds, LoadWorker.longestRetry)))
        var job = job
        job.dueAt = (NIODeadline.now() + delay).uptimeNanoseconds
        let again = job
        eventLoop.scheduleTask(in: delay) { pool.due(again) }
    }
}
