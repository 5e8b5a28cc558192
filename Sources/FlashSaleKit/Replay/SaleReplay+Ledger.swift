/// Everything that is no checkout.
extension SaleReplay {
    /// Judges a row of the ledger that has no attempt.
    mutating func judge(_ row: LedgerRecord) {
        let place = row.place
        let isOrphan = row.kind == .held
        if isOrphan, place.seq > facts.drained(.attempts), !facts.isLost(.attempts, place), !isReconciled(place) {
            return mode = .waiting
        }
        guard follows(row), enter(place, .ledger, at: row.at, user: row.user) else { return }
        if isReconciled(place) || isBeforeReconciliation(place) { return apply(row) }
        switch row.kind {
        case .held: judgeOrphan(row)
        case .expired: judgeEnd(row, .expired)
        case .released: judgeEnd(row, .released)
        case .purchased: judgePurchase(row)
        case .control, .ban, .unban: judgeControl(row)
        case .opened, .rebuilt: judgeCounts(row)
        case .reconciled: break
        case nil: diverge(.ledger, place, nil, "an unknown kind", "a kind of the ledger", "the table knows no other")
        }
    }

    /// Lapsed holds are given back by their number from 0, and what an operator does is one row: none may be left out.
    private mutating func follows(_ row: LedgerRecord) -> Bool {
        guard row.kind != .held, row.kind != .purchased, row.kind != .released, !isReconciled(row.place) else {
            return true
        }
        let expected = row.place.isSameStep(as: last) ? last.index + 1 : 0
        guard row.place.index > expected else { return true }
        // A step that the journal still brings is not this row's fault.
        guard row.place.seq <= last.seq + 1 else { return true }
        var missing = row.place
        missing.index = expected
        diverge(.ledger, missing, nil, "nothing", "a row", "row \(row.place.index) of its step is there")
        return false
    }

    private mutating func judgeOrphan(_ row: LedgerRecord) {
        guard facts.isLost(.attempts, row.place) else {
            let why = "a hold is the answer to an attempt"
            return diverge(.attempts, row.place, row.user, "nothing", "held", why, hold: row.holdID)
        }
        totals.holdsWithoutAttempt += 1
        let expected = model.outcome { row.user }
        guard expected == .held else {
            let why = model.reason(for: expected, of: row.user)
            return diverge(.ledger, row.place, row.user, "held", expected.name, why, hold: row.holdID)
        }
        judgeHeld(row)
    }

    private mutating func judgeEnd(_ row: LedgerRecord, _ kind: SaleModel.Record.End) {
        guard let id = row.holdID else { return incomplete(row) }
        if kind == .expired {
            expiries = (row.place.seq, row.place.seq == expiries.seq ? expiries.count + 1 : 1)
        }
        let (isKeyed, earliest) = (model.openHolds[id]?.keyed == true, earliest[id])
        judge(row) { model throws(SaleModel.Objection) in
            try model.replayEnd(kind, id, user: row.user, item: row.item, at: row.at, earliest: earliest)
        }
        if isKeyed { rememberedHolds += 1 }
        self.earliest[id] = nil
    }

    private mutating func judgePurchase(_ row: LedgerRecord) {
        guard let id = row.holdID else { return incomplete(row) }
        let receipt = receipt(of: row)
        judge(row) { model throws(SaleModel.Objection) in try model.replayPurchase(id, receipt) }
        earliest[id] = nil
    }

    private func receipt(of row: LedgerRecord) -> SaleModel.Receipt {
        SaleModel.Receipt(
            unit: Int(row.unit),
            slot: Int(row.slot),
            hold: SaleModel.Hold(user: row.user, itemID: row.item, deadline: row.at, keyed: false),
            ticket: row.detail,
            purchasedAt: row.at
        )
    }

    private mutating func judgeControl(_ row: LedgerRecord) {
        guard let operation = row.operation else { return incomplete(row) }
        judge(row) { model throws(SaleModel.Objection) in try model.replayControl(operation, at: row.at) }
    }

    private mutating func judgeCounts(_ row: LedgerRecord) {
        let numbers = row.fields.compactMap { Int($0) }
        guard numbers.count == 4 else { return incomplete(row) }
        judge(row) { model throws(SaleModel.Objection) in
            try model.replayCounts((numbers[0], numbers[1], numbers[2], numbers[3]))
        }
        if row.kind == .rebuilt { giveMoreTime(at: row.at) }
    }

    /// A rebuild gives every hold at least a minute from its own start, which lies before this row and is not on
    /// record: between the two deadlines a hold may be bought or expire.
    private mutating func giveMoreTime(at time: Timestamp) {
        let rows = Int64(model.held + model.sold + rememberedHolds)
        let latest = time.adding(milliseconds: Rebuild.leastHoldMilliseconds + rows / 10)
        for (id, hold) in model.openHolds where hold.deadline < latest {
            earliest[id] = earliest[id] ?? hold.deadline
            model.openHolds[id]?.deadline = latest
        }
        watch.rebuild(from: model)
    }

    private mutating func incomplete(_ row: LedgerRecord) {
        diverge(.ledger, row.place, nil, row.words, "a complete row", "a part of it is missing or unreadable")
    }

    /// Takes over a row without asking the rules: a person has written it, or has put right what it led to.
    mutating func apply(_ row: LedgerRecord) {
        switch row.kind {
        case .held:
            guard let id = row.holdID, endedBefore.remove(id) == nil, model.receipts[id] == nil else { return }
            let deadline = row.deadline ?? row.at
            let hold = SaleModel.Hold(user: row.user, itemID: row.item, deadline: deadline, keyed: row.detail == "1")
            model.begin(id, hold)
            watch.add(id, deadline, in: model)
        case .expired, .released:
            guard let id = row.holdID else { return }
            if let hold = model.openHolds[id] {
                if hold.keyed { rememberedHolds += 1 }
                model.drop(id, hold)
            } else {
                endedBefore.insert(id)
            }
        case .purchased:
            guard let id = row.holdID else { return }
            // Its hold may be on record further on only: its unit is the user's from here on.
            if model.openHolds[id] == nil { model.begin(id, receipt(of: row).hold) }
            model.buy(id, receipt(of: row))
        case .control, .ban, .unban:
            guard let operation = row.operation else { return }
            // Whether it changed anything is not asked here.
            try? model.replayControl(operation, at: row.at)
        case .rebuilt: giveMoreTime(at: row.at)
        case .opened, .reconciled, nil: break
        }
    }
}

extension LedgerRecord {
    /// What the operator did; nil when the row does not say.
    fileprivate var operation: ControlCall.Operation? {
        switch kind {
        case .ban: return user.isEmpty ? nil : .ban(user: user)
        case .unban: return user.isEmpty ? nil : .unban(user: user)
        default: break
        }
        guard fields.count >= 2 else { return nil }
        switch (fields[0], fields[1]) {
        case ("checkout_paused", "1"): return .pauseCheckout
        case ("checkout_paused", "0"): return .resumeCheckout
        case ("purchase_paused", "1"): return .pausePurchase
        case ("purchase_paused", "0"): return .resumePurchase
        case ("state", "finished"): return .finish
        case ("limit", let value): return Int(value).map { .lowerLimit($0) }
        default: return nil
        }
    }
}
