import FlashSaleKit

/// What a sale is doing, in one word.
enum LivePhase: String, Encodable, Sendable {
    /// It is not open yet.
    case scheduled
    case selling
    /// Operators have paused checkouts.
    case paused
    /// No unit is free; units that are held may come back.
    case soldOut = "sold_out"
    /// It is over; holds may still be paid.
    case closed
    /// It is shut until its records have been compared and put right.
    case recovering
    /// Redis is not used: every checkout is answered 503.
    case unavailable

    /// The phase of a sale, and why it does not sell.
    ///
    /// - Parameters:
    ///   - units: nil while they are not known.
    ///   - snapshot: what Redis has of it, nil when nobody has looked.
    static func of(
        _ sale: Sale,
        at now: Timestamp,
        _ values: ServerState.Values,
        units: LiveUnits?,
        snapshot: SaleSnapshot?
    ) -> (phase: LivePhase, reason: String?) {
        if now < sale.terms.opensAt { return (.scheduled, nil) }
        if let shut = values.redis?.shut[sale.id] { return (.recovering, shut.why) }
        if snapshot?.state == .recovering { return (.recovering, "its records are being compared") }
        if now >= sale.terms.closesAt { return (.closed, nil) }
        if let trouble = values.redisTrouble { return (.unavailable, trouble) }
        if values.redis == nil { return (.recovering, "Redis is being validated") }
        if let trouble = values.clockTrouble { return (.unavailable, trouble) }
        if snapshot?.checkoutPaused == true { return (.paused, "checkouts are paused") }
        if let units, units.free == 0 { return (.soldOut, nil) }
        return (.selling, nil)
    }
}

/// Which sale the page is about.
struct LiveChoice: Sendable, Equatable {
    /// The one that sells; else one that has closed, as long as its holds may be paid; else the next one.
    var shown: Sale?
    /// The one that opens next, if another one is shown.
    var next: Sale?

    init(_ sales: [Sale], at now: Timestamp) {
        let schedule = SaleSchedule(sales: sales)
        let coming = schedule.next(after: now)
        let closed = schedule.sales.filter { $0.terms.closesAt <= now && $0.epoch != nil }
            .max { $0.terms.closesAt < $1.terms.closesAt }
        let paying = closed.flatMap {
            now < $0.terms.closesAt.adding(milliseconds: $0.terms.holdMilliseconds) ? $0 : nil
        }
        // A sale that is open by its terms and not in Redis yet will be current in a moment.
        let opening = schedule.sales.last { $0.terms.opensAt <= now && now < $0.terms.closesAt }
        shown = schedule.current(at: now) ?? opening ?? paying ?? coming ?? closed
        next = coming?.id == shown?.id ? nil : coming
    }
}
