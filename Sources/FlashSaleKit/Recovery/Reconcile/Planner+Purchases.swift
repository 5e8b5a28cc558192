/// Purchases are promises: what any store knows of them is written into those that do not.
extension Planner {
    /// A committed purchase that the ledger lacks.
    mutating func recordPurchases() {
        for purchase in gaps.notInLedger where !isRestored(purchase.holdID) {
            let name = "unit \(purchase.unit), hold \(purchase.holdID) of user '\(purchase.user)'"
            if let obstacle = purchase.obstacle {
                needPerson("\(name), is in purchases but not in the ledger, and \(obstacle)")
                continue
            }
            begin(purchase)
            buy(purchase, because: "its purchase is committed, the buyer was answered 200")
        }
    }

    /// The how manyth unit of which user.
    private struct Slot: Hashable {
        var user: UserID
        var number: Int64
    }

    /// A receipt in Redis that nobody else has: its buyer may have been answered.
    mutating func acceptReceipts() {
        guard let contents = evidence.contents, evidence.tail != nil else { return }
        let committed = Set(gaps.notInLedger.map(\.holdID))
        let unknown = contents.receipts.filter { id, _ in
            ledgerFold.sold[id] == nil && !committed.contains(id) && !isRestored(id)
        }
        var units = Set(ledgerFold.sold.values.map(\.unit)).union(settledUnits)
        var slots = Set(ledgerFold.sold.values.map { Slot(user: $0.user, number: $0.slot) })
        for (id, receipt) in unknown.sorted(by: { ($0.value.unit, $0.key.high) < ($1.value.unit, $1.key.high) }) {
            let name = "the receipt for unit \(receipt.unit), hold \(id) of user '\(receipt.user)'"
            let slot = Slot(user: receipt.user, number: receipt.slot)
            let hold = ledgerFold.open[id]
            let isSame = hold.map { $0.user == receipt.user && $0.item == receipt.item } ?? true
            let isNext = receipt.unit == Int64(units.count) + 1 && receipt.unit <= evidence.recount.stock
            let ended = ledgerFold.remembered[id] != nil || gaps.ends[id] != nil
            guard isNext, isSame, !ended, !slots.contains(slot), receipt.slot <= evidence.recount.userLimit,
                receipt.slot >= 1, !receipt.user.isEmpty, receipt.item > 0
            else {
                keepsRedis = true
                needPerson("\(name), is in Redis alone, and its unit, its number or its hold is not free")
                continue
            }
            units.insert(receipt.unit)
            slots.insert(slot)
            let purchase = RecordGaps.Purchase(
                holdID: id,
                user: receipt.user,
                item: receipt.item,
                unit: receipt.unit,
                slot: receipt.slot,
                ticket: receipt.ticket,
                at: Timestamp(microseconds: receipt.time),
                obstacle: nil
            )
            begin(purchase, deadline: receipt.deadline)
            buy(purchase, because: "Redis has its receipt, and its unit and number are free")
            add(
                .purchase(id),
                "insert unit \(receipt.unit), hold \(id) of user '\(receipt.user)', into purchases",
                because: "Redis has its receipt, and its unit and number are free"
            )
        }
    }

    /// A purchase of the ledger that its table lacks.
    mutating func writePurchases() {
        for purchase in gaps.notInPurchases {
            let name = "unit \(purchase.unit), hold \(purchase.holdID) of user '\(purchase.user)',"
            if let obstacle = purchase.obstacle {
                needPerson("\(name) is in the ledger but not in purchases, and \(obstacle)")
                continue
            }
            settled.insert(purchase.holdID)
            add(.purchase(purchase.holdID), "insert \(name) into purchases", because: "the ledger has it as bought")
        }
    }

    /// Whether a step restores how this hold was bought.
    private func isRestored(_ id: HoldID) -> Bool {
        plan.steps.contains { step in
            guard case .ledger(let row) = step.operation else { return false }
            return row.holdID == id && row.kind == .purchased
        }
    }

    /// The beginning of a hold that was bought, when nobody has it: with the attempt that must have got it.
    private mutating func begin(_ purchase: RecordGaps.Purchase, deadline: Int64? = nil) {
        let id = purchase.holdID
        let isBegun = plan.steps.contains { step in
            guard case .ledger(let row) = step.operation else { return false }
            return row.holdID == id && row.kind == .held
        }
        if isBegun || ledgerFold.open[id] != nil { return }
        moved += 1
        let insert = LedgerInsert(
            kind: .held,
            holdID: id,
            user: purchase.user,
            item: purchase.item,
            at: purchase.at,
            deadline: deadline.map(Timestamp.init(microseconds:)) ?? purchase.at,
            detail: "0"
        )
        let why = "it was bought, so it was held, and no record of that is left"
        add(
            .ledger(insert),
            "insert the row 'held' of hold \(id) of user '\(purchase.user)' into the ledger",
            because: why
        )
        let attempt = AttemptInsert(
            user: purchase.user,
            item: purchase.item,
            at: purchase.at,
            outcome: Outcome.held.rawValue
        )
        add(.attempt(attempt), "insert the attempt of user '\(purchase.user)' that got it", because: why)
    }

    private mutating func buy(_ purchase: RecordGaps.Purchase, because why: String) {
        moved += 1
        settled.insert(purchase.holdID)
        settledUnits.insert(purchase.unit)
        let insert = LedgerInsert(
            kind: .purchased,
            holdID: purchase.holdID,
            user: purchase.user,
            item: purchase.item,
            at: purchase.at,
            unit: purchase.unit,
            slot: purchase.slot,
            detail: purchase.ticket
        )
        add(
            .ledger(insert),
            "insert the row 'purchased' of unit \(purchase.unit), hold \(purchase.holdID) of user '\(purchase.user)', "
                + "into the ledger",
            because: why
        )
    }
}
