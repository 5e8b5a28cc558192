import FlashSaleKit

/// Puts together what is known at one moment. What is too old to be called the present is left out.
struct LiveView: Sendable {
    let values: ServerState.Values
    let at: Timestamp
    let choice: LiveChoice
    /// What Redis has of the shown sale; nil while nobody watches, and when it cannot be read.
    private let facts: LiveFacts?
    /// Whether what is measured every second was measured a moment ago.
    private let isMeasured: Bool

    init(_ values: ServerState.Values, at: Timestamp, sale: LiveFacts?, now: ContinuousClock.Instant = .now) {
        self.values = values
        self.at = at
        choice = LiveChoice(values.sales, at: at)
        let shown = choice.shown?.id
        facts = sale.flatMap { $0.sale == shown && now - $0.readAt <= Limits.liveAge ? $0 : nil }
        isMeasured =
            values.redis != nil && values.redisTrouble == nil
            && values.measuredAt.map { now - $0 <= Limits.liveAge } ?? false
    }

    /// The units of the shown sale, from the newest reading.
    var units: LiveUnits? {
        if let snapshot = facts?.snapshot {
            return LiveUnits(free: snapshot.free, held: snapshot.held, sold: snapshot.sold)
        }
        return choice.shown.flatMap { units(of: $0.id) }
    }

    private func units(of sale: SaleID) -> LiveUnits? {
        guard isMeasured, let stock = values.stocks.first(where: { $0.sale == sale }) else { return nil }
        return LiveUnits(free: Int(stock.free), held: Int(stock.held), sold: Int(stock.sold))
    }

    /// The journal of the shown sale, both streams together.
    var journal: LiveNow.Journal? {
        let lags = values.lags.filter { $0.saleID == choice.shown?.id }
        guard isMeasured, !lags.isEmpty else { return nil }
        return LiveNow.Journal(
            entries: lags.reduce(0) { $0 + $1.entries },
            bytes: lags.reduce(0) { $0 + $1.bytes },
            seconds: lags.map(\.seconds).max() ?? 0
        )
    }

    func now(_ server: LiveNow.Server, past: [PastSale]?) -> LiveNow {
        LiveNow(
            at: at.microseconds / 1000,
            server: server,
            sale: choice.shown.map(shown),
            next: choice.next.map {
                LiveNow.NextSale(
                    id: $0.id.rawValue,
                    itemName: $0.terms.itemName,
                    opensAt: $0.terms.opensAt.microseconds / 1000,
                    stock: $0.terms.stock
                )
            },
            units: units,
            lapsing: facts?.lapsing,
            journal: journal,
            health: LiveHealth(values),
            others: others,
            past: past
        )
    }

    private func shown(_ sale: Sale) -> LiveNow.ShownSale {
        let snapshot = facts?.snapshot
        let (phase, reason) = LivePhase.of(sale, at: at, values, units: units, snapshot: snapshot)
        return LiveNow.ShownSale(
            id: sale.id.rawValue,
            itemName: sale.terms.itemName,
            opensAt: sale.terms.opensAt.microseconds / 1000,
            closesAt: sale.terms.closesAt.microseconds / 1000,
            stock: sale.terms.stock,
            limit: snapshot?.limit ?? sale.terms.userLimit,
            isTest: sale.terms.test,
            phase: phase,
            reason: reason,
            purchasesPaused: snapshot?.purchasePaused ?? false,
            bannedUsers: snapshot?.bannedUsers,
            earliestDeadline: snapshot?.earliestDeadline.map { $0.microseconds / 1000 }
        )
    }

    /// The others that Redis has: closing ones, and those that overlap with the shown one.
    private var others: [LiveNow.OtherSale] {
        values.sales.filter { $0.epoch != nil && $0.id != choice.shown?.id && $0.terms.opensAt <= at }.map { sale in
            let units = units(of: sale.id)
            let phase = LivePhase.of(sale, at: at, values, units: units, snapshot: nil).phase
            return LiveNow.OtherSale(
                id: sale.id.rawValue,
                itemName: sale.terms.itemName,
                phase: phase,
                closesAt: sale.terms.closesAt.microseconds / 1000,
                units: units
            )
        }
    }
}
