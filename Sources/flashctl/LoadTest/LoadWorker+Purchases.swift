import NIOCore

extension LoadWorker {
    /// Wait before a code is asked again when a 202 does not name one, and the longest that is obeyed; seconds.
    private static let defaultRetry = 1
    private static let longestRetry = 30

    /// Counts a purchase that is about to be sent.
    func sending(_ job: PurchaseJob, at now: UInt64) -> PurchaseJob {
        var job = job
        if job.tries == 0 { job.firstSentAt = now } else { counts.purchases.askedAgain += 1 }
        job.tries += 1
        if counts.purchases.requests.firstSentAt == 0 { counts.purchases.requests.firstSentAt = now }
        counts.purchases.requests.sent += 1
        return job
    }

    /// Puts the code of a 201 into the pool.
    func collect(_ body: [UInt8], into pool: PurchasePool) {
        if let code = HoldCodeText.find(in: body) {
            pool.collect(code)
        } else {
            counts.purchases.withoutCode += 1
        }
    }

    /// Decides what the answer to a purchase means for its code.
    func settle(_ job: PurchaseJob, status: Int, scanner: borrowing ResponseScanner, now: UInt64) {
        guard let pool else { return }
        switch status {
        case 200:
            let isReplayed = scanner.isReplayed
            let waited = now - job.firstSentAt
            counts.purchases.recordSuccess(replayed: isReplayed, tries: job.tries, nanoseconds: waited)
        case 202 where job.tries < LoadPlan.purchaseTries:
            return askAgain(job, after: scanner.retryAfter ?? LoadWorker.defaultRetry, pool)
        case 202: counts.purchases.givenUp += 1
        default: break
        }
        pool.settled()
    }

    private func askAgain(_ job: PurchaseJob, after seconds: Int, _ pool: PurchasePool) {
        pool.postponed()
        // A zero would be a loop without a pause.
        let delay = seconds == 0 ? TimeAmount.milliseconds(100) : .seconds(Int64(min(seconds, LoadWorker.longestRetry)))
        eventLoop.scheduleTask(in: delay) { pool.due(job) }
    }
}
