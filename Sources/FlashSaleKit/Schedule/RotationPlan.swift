/// What a rotation would do.
public struct RotationPlan: Sendable, Equatable {
    /// Hourly sales that are missing.
    public var created: [SaleTerms] = []
    /// Sales that exist and are not open in Redis; those of `created` would be opened too.
    public var opened: [SaleID] = []
    /// Sales that have ended and can be finished.
    public var finished: [SaleID] = []
    /// Ended sales that cannot be finished yet, and why.
    public var waiting: [SaleID: String] = [:]

    /// A plan to do nothing.
    public init() {}
}

extension Rotation {
    /// What ``run(now:)`` would do; writes nothing. A recovery, which may have to come first, is no part of it.
    ///
    /// - Parameter now: the time to rotate for; nil is the time of Redis.
    public func plan(now wanted: Timestamp? = nil) async throws -> RotationPlan {
        let clock = try await confirmedClock()
        let now = wanted ?? clock
        let store = SaleStore(postgres: postgres)
        var plan = RotationPlan()
        for hour in [now, now.adding(milliseconds: 3_600_000)] {
            let terms = hourly.terms(ofHourAt: hour)
            if try await store.existing(like: terms) == nil { plan.created.append(terms) }
        }
        for sale in try await store.unfinished() {
            if sale.terms.closesAt > now {
                if sale.epoch == nil { plan.opened.append(sale.id) }
            } else if sale.epoch != nil, let reason = try await stillHeld(sale.id, now) {
                plan.waiting[sale.id] = reason
            } else {
                plan.finished.append(sale.id)
            }
        }
        return plan
    }

    /// Why an ended sale has to wait: somebody may still pay.
    private func stillHeld(_ sale: SaleID, _ now: Timestamp) async throws -> String? {
        // The sentinel, at +inf, is no hold.
        let command = RedisCommand("ZCOUNT", SaleKeys(sale).deadlines, "(\(now.microseconds)", "(inf")
        let held = try await redis.send(command).integerValue ?? 0
        return held > 0 ? "units are still held" : nil
    }
}
