import FlashSaleKit
import NIOCore

/// Which sale a checkout belongs to, as one event loop knows it. Redis time decides; between two replies it is
/// estimated from the last one, so that a wrong clock of this host misleads nobody.
struct LoopSchedule {
    private var sales: [SaleID: LoopSale] = [:]
    private var schedule = SaleSchedule(sales: [])
    private var redisTime: (time: Timestamp, at: NIODeadline)?
    private var cached: (sale: LoopSale?, until: NIODeadline)?

    /// Replaces the sales; those unchanged keep their state.
    mutating func replace(_ list: [Sale]) {
        var next: [SaleID: LoopSale] = [:]
        for sale in list {
            if let known = sales[sale.id], known.epoch == sale.epoch, known.terms == sale.terms {
                next[sale.id] = known
            } else {
                next[sale.id] = LoopSale(sale)
            }
        }
        sales = next
        schedule = SaleSchedule(sales: list)
        cached = nil
    }

    /// The time of a reply.
    mutating func observed(_ time: Timestamp, at: NIODeadline) {
        redisTime = (time, at)
    }

    /// Forget the choice of sale: the script has said that it was wrong.
    mutating func reconsider() {
        cached = nil
    }

    /// An unfinished sale by its number.
    func sale(_ id: SaleID) -> LoopSale? { sales[id] }

    /// Every unfinished sale.
    var all: [LoopSale] { Array(sales.values) }

    /// Redis time as far as this loop can tell, nil before the first reply.
    func estimatedTime(_ now: NIODeadline) -> Timestamp? {
        guard let redisTime else { return nil }
        let passed = (now - redisTime.at).nanoseconds / 1000
        return Timestamp(microseconds: redisTime.time.microseconds + passed)
    }

    /// The sale that sells now.
    mutating func current(_ now: NIODeadline) -> LoopSale? {
        if let cached, now < cached.until { return cached.sale }
        guard let time = estimatedTime(now) else { return nil }
        let sale = schedule.current(at: time).flatMap { sales[$0.id] }
        // Looked at again after 20 ms: often enough for the change of the hour, and too seldom to cost anything.
        cached = (sale, now + .milliseconds(20))
        return sale
    }

    /// Whole seconds until the next sale opens, 1…60, for Retry-After.
    func secondsToNext(_ now: NIODeadline) -> Int {
        guard let time = estimatedTime(now), let next = schedule.next(after: time) else { return 10 }
        let seconds = (next.terms.opensAt.microseconds - time.microseconds + 999_999) / 1_000_000
        return Int(max(1, min(seconds, 60)))
    }
}
