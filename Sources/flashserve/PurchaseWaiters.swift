import FlashSaleKit
import NIOCore

/// The purchases of one event loop that wait for Postgres. A 200 is answered only from a committed row of `purchases`:
/// one that a drain of this server has just inserted, or one that was read.
///
/// Lives on one event loop.
final class PurchaseWaiters {
    private struct Waiter {
        let responder: Responder
        /// True for a code that had been used before this request.
        let replayed: Bool
        /// Whether Redis has the purchase: then an absent row only means that it is on its way.
        let claimed: Bool
        let operation: HoldBatcher.Operation
        let deadline: NIODeadline

        init(
            _ responder: Responder,
            replayed: Bool,
            claimed: Bool,
            _ operation: HoldBatcher.Operation,
            until deadline: NIODeadline
        ) {
            self.responder = responder
            self.replayed = replayed
            self.claimed = claimed
            self.operation = operation
            self.deadline = deadline
        }
    }

    private unowned let server: LoopServer
    private var waiters: [SaleHold: [Waiter]] = [:]
    private var count = 0
    private var toLookUp: Set<SaleHold> = []
    private var isLookingUp = false

    init(server: LoopServer) {
        self.server = server
    }

    /// Whether nobody waits.
    var isIdle: Bool { count == 0 }

    /// Waits for the row of a purchase that Redis has decided.
    func wait(for hold: SaleHold, responder: Responder, replayed: Bool) {
        add(hold, Waiter(responder, replayed: replayed, claimed: true, .purchase, until: deadline))
        // The row of a repeated purchase is there already as a rule; the row of a new one arrives with the next drain.
        if replayed { lookUp(hold) }
    }

    /// Asks Postgres for a hold that Redis does not have.
    func resolve(_ hold: SaleHold, responder: Responder, operation: HoldBatcher.Operation) {
        add(hold, Waiter(responder, replayed: true, claimed: false, operation, until: deadline))
        lookUp(hold)
    }

    private var deadline: NIODeadline { server.now + server.times.purchase }

    private func add(_ hold: SaleHold, _ waiter: Waiter) {
        guard count < Limits.waitingPurchases else {
            // A claimed unit is on its way to Postgres; asking again finds it.
            return waiter.responder(server.responses.fixed(waiter.claimed ? .pending : .overloaded))
        }
        count += 1
        waiters[hold, default: []].append(waiter)
    }

    /// Rows that a drain of this server has committed.
    func committed(_ purchases: [CommittedPurchase]) {
        guard !waiters.isEmpty else { return }
        server.touchClock()
        for purchase in purchases {
            let hold = SaleHold(purchase.holdID, of: purchase.saleID)
            guard waiters[hold] != nil else { continue }
            if let sale = server.schedule.sale(hold.saleID) {
                answer(hold, purchase, sale.display)
            } else {
                lookUp(hold)
            }
        }
    }

    private func answer(_ hold: SaleHold, _ purchase: CommittedPurchase, _ display: SaleDisplay) {
        guard let list = waiters.removeValue(forKey: hold) else { return }
        count -= list.count
        for waiter in list {
            switch waiter.operation {
            case .purchase:
                waiter.responder(server.responses.purchased(purchase, sale: display, replayed: waiter.replayed))
            case .release: waiter.responder(server.responses.fixed(.alreadyPurchased))
            }
        }
    }

    /// Another server has committed purchases, or a quarter of a second has passed: reads what is missing.
    func lookUpAll() {
        toLookUp.formUnion(waiters.keys)
        sendLookUp()
    }

    /// Ends the wait of those whose time is up.
    func expire() {
        let now = server.now
        for (hold, list) in waiters where list.contains(where: { $0.deadline <= now }) {
            let remaining = list.filter { $0.deadline > now }
            for waiter in list where waiter.deadline <= now {
                waiter.responder(server.responses.fixed(waiter.claimed ? .pending : .unavailable))
            }
            count -= list.count - remaining.count
            waiters[hold] = remaining.isEmpty ? nil : remaining
        }
    }

    private func lookUp(_ hold: SaleHold) {
        toLookUp.insert(hold)
        // Sent at the end of the tick, so that the repeated codes of one batch make one query.
        server.scheduleTick()
    }

    /// One query at a time; what comes meanwhile goes into the next one.
    func sendLookUp() {
        guard !isLookingUp, !toLookUp.isEmpty else { return }
        let holds = Set(toLookUp.prefix(Limits.lookupHolds))
        toLookUp.subtract(holds)
        isLookingUp = true
        let this = NIOLoopBound(self, eventLoop: server.loop)
        let loop = server.loop
        server.control.lookUp(holds) { result in
            loop.execute { this.value.received(result, for: holds) }
        }
    }

    private func received(_ result: Result<PurchaseFindings, any Error>, for holds: Set<SaleHold>) {
        isLookingUp = false
        server.touchClock()
        switch result {
        case .success(let findings):
            for hold in holds { settle(hold, findings) }
        case .failure:
            // Postgres is away: claimed purchases go on waiting, the others cannot be told apart.
            for hold in holds { dropUnclaimed(hold, .unavailable) }
        }
        sendLookUp()
    }

    private func settle(_ hold: SaleHold, _ findings: PurchaseFindings) {
        switch findings.found[hold] {
        case .purchased(let purchase):
            guard let display = findings.displays[purchase.saleID] else { return }
            answer(hold, purchase, display)
        case .pending: dropUnclaimed(hold, .pending)
        case .expired: dropUnclaimed(hold, .expiredCode)
        case .unknown(saleIsFinished: false):
            // Redis was asked, unless the sale is so new that this server had not heard of it.
            dropUnclaimed(hold, server.schedule.sale(hold.saleID) == nil ? .unavailable : .unknownCode)
        case .unknown, nil: dropUnclaimed(hold, .unknownCode)
        }
    }

    private func dropUnclaimed(_ hold: SaleHold, _ reason: Responses.Fixed) {
        guard let list = waiters[hold] else { return }
        let remaining = list.filter(\.claimed)
        for waiter in list where !waiter.claimed { waiter.responder(server.responses.fixed(reason)) }
        count -= list.count - remaining.count
        waiters[hold] = remaining.isEmpty ? nil : remaining
    }
}

/// What Postgres knows of some holds.
struct PurchaseFindings: Sendable {
    /// Holds that Postgres does not know may be missing.
    var found: [SaleHold: PurchaseLookup.Found]
    /// Displays of the sales of the purchases found.
    var displays: [SaleID: SaleDisplay]
}
