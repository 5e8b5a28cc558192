extension SaleModel {
    /// Turns holds into purchases at this time of Redis.
    public mutating func purchase(
        _ claims: [PurchaseCall.Claim],
        at time: Timestamp,
        confirmed: Timestamp? = nil
    ) -> ScriptAnswer<[PurchaseCall.Outcome]> {
        let (now, refusal) = entrance(time, confirmed)
        if let refusal { return .refused(refusal, now: now) }
        if purchasePaused, !finished { return .refused(.paused, now: now) }
        clock = now
        let ended = expire(claims.map(\.holdID), at: now)

        var outcomes: [PurchaseCall.Outcome] = []
        var paid: [(index: Int, id: HoldID, receipt: Receipt)] = []
        for (index, claim) in claims.enumerated() {
            let id = claim.holdID
            if receipts[id] != nil {
                outcomes.append(.alreadyPurchased)
            } else if let hold = openHolds.removeValue(forKey: id) {
                let slot = soldOfUser[hold.user, default: 0] + 1
                soldOfUser[hold.user] = slot
                let receipt = Receipt(
                    unit: sold + 1,
                    slot: slot,
                    hold: hold,
                    ticket: claim.ticket,
                    purchasedAt: now
                )
                receipts[id] = receipt
                paid.append((index, id, receipt))
                outcomes.append(.purchased)
            } else {
                outcomes.append(ended.contains(id) || tombstones[id] != nil ? .lapsed : .unknown)
            }
        }
        if !paid.isEmpty { sequence += 1 }
        for (index, id, receipt) in paid {
            records.append(.purchased(sequence: sequence, at: now, index: index, holdID: id, receipt: receipt))
        }
        return .decided(outcomes, now: now)
    }

    /// Gives holds back at this time of Redis.
    public mutating func release(
        _ holdIDs: [HoldID],
        at time: Timestamp,
        confirmed: Timestamp? = nil
    ) -> ScriptAnswer<[ReleaseCall.Outcome]> {
        let (now, refusal) = entrance(time, confirmed)
        if let refusal { return .refused(refusal, now: now) }
        clock = now
        let ended = expire(holdIDs, at: now)

        var outcomes: [ReleaseCall.Outcome] = []
        var released: [(index: Int, id: HoldID, hold: Hold)] = []
        for (index, id) in holdIDs.enumerated() {
            if receipts[id] != nil {
                outcomes.append(.alreadyPurchased)
            } else if let earlier = released.first(where: { $0.id == id }) {
                outcomes.append(earlier.hold.keyed ? .lapsed : .unknown)
            } else if let hold = openHolds[id] {
                released.append((index, id, hold))
                outcomes.append(.released)
            } else {
                outcomes.append(ended.contains(id) || tombstones[id] != nil ? .lapsed : .unknown)
            }
        }
        end(released, as: .released, at: now)
        return .decided(outcomes, now: now)
    }

    /// Settles a batch of checkouts that was sent at `batchEpoch` and never answered: its holds are released, and at
    /// the same epoch none is made any more. None of their codes was chosen by an `Idempotency-Key`.
    public mutating func settle(
        _ holdIDs: [HoldID],
        sentAt batchEpoch: Int64,
        at time: Timestamp,
        confirmed: Timestamp? = nil
    ) -> ScriptAnswer<[ReleaseCall.Outcome]> {
        let answer = release(holdIDs, at: time, confirmed: confirmed)
        guard case .decided(_, let now) = answer, batchEpoch == epoch, !finished else { return answer }
        for id in holdIDs { settled[id] = now.adding(milliseconds: SaleModel.settledFor) }
        let excess = settled.count - SaleModel.mostSettled
        guard excess > 0 else { return answer }
        let oldest = settled.sorted { ($0.value, $0.key.high, $0.key.low) < ($1.value, $1.key.high, $1.key.low) }
        for (id, _) in oldest.prefix(excess) { settled[id] = nil }
        return answer
    }

    /// Gives back at most `maximum` lapsed holds.
    public mutating func expire(
        maximum: Int,
        at time: Timestamp,
        confirmed: Timestamp? = nil
    ) -> ScriptAnswer<ExpireCall.Decision> {
        let (now, refusal) = entrance(time, confirmed)
        if let refusal { return .refused(refusal, now: now) }
        if finished { return .refused(.closed, now: now) }
        clock = now
        let due = lapsed(now)
        let ended = due.prefix(min(maximum, ExpireCall.maximum))
        expire(ended, at: now)
        settled = settled.filter { $0.value > now }
        return .decided(.init(expired: ended.count, more: due.count > ended.count), now: now)
    }

    /// Ends those of the named holds that have lapsed, in the order in which they are named first, and returns them.
    private mutating func expire(_ holdIDs: [HoldID], at now: Timestamp) -> Set<HoldID> {
        var ended: Set<HoldID> = []
        var late: [(HoldID, Hold)] = []
        for id in holdIDs {
            guard let hold = openHolds[id], hold.deadline <= now, ended.insert(id).inserted else { continue }
            late.append((id, hold))
        }
        expire(late, at: now)
        return ended
    }
}
