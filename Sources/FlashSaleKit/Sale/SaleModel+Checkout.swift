extension SaleModel {
    /// One checkout.
    public struct Attempt: Sendable, Equatable {
        /// The user.
        public var user: UserID
        /// The item.
        public var itemID: Int64
        /// The hold that it would make; nil in a batch that asks a sold-out sale.
        public var holdID: HoldID?
        /// Whether an `Idempotency-Key` chose the code.
        public var keyed: Bool

        /// An attempt.
        public init(user: UserID, itemID: Int64, holdID: HoldID?, keyed: Bool = false) {
            self.user = user
            self.itemID = itemID
            self.holdID = holdID
            self.keyed = keyed
        }
    }

    /// What became of a checkout.
    public enum AttemptResult: Sendable, Equatable {
        /// It was decided.
        case decided(Outcome)
        /// Its hold exists, existed or was bought: it is answered with that and leaves no record.
        case repeated(itemID: Int64, deadline: Timestamp)
        /// Its hold was settled: nothing is decided, and it leaves no record.
        case notDecided

        var letter: UInt8 {
            switch self {
            case .decided(let outcome): outcome.rawValue
            case .repeated: Outcome.repeatedLetter
            case .notDecided: Outcome.notDecidedLetter
            }
        }

        /// The letter on the journal.
        var recordedLetter: UInt8 {
            self == .notDecided ? Outcome.repeatedLetter : letter
        }
    }

    /// Decides a batch of checkouts at this time of Redis.
    public mutating func checkout(
        _ attempts: [Attempt],
        at time: Timestamp,
        confirmed: Timestamp? = nil
    ) -> ScriptAnswer<[AttemptResult]> {
        precondition(!attempts.isEmpty)
        let (now, refusal) = entrance(time, confirmed)
        if let refusal { return .refused(refusal, now: now) }
        if now < opensAt { return .refused(.notOpen, now: now) }
        if finished || now >= closesAt { return .refused(.closed, now: now) }
        if checkoutPaused { return .refused(.paused, now: now) }

        let due = free < attempts.count ? lapsed(now).prefix(SaleModel.mostLapsed) : []
        if attempts.allSatisfy({ $0.holdID == nil }), free > 0 || !due.isEmpty {
            return .refused(.resendWithHoldIDs, now: now)
        }
        expire(due, at: now)
        clock = now
        return .decided(decide(attempts, at: now), now: now)
    }

    private mutating func decide(_ attempts: [Attempt], at now: Timestamp) -> [AttemptResult] {
        let before = (free: free, held: held, sold: sold)
        let deadline = now.adding(milliseconds: holdMilliseconds)
        var results: [AttemptResult] = []
        var made: [(index: Int, id: HoldID, hold: Hold)] = []
        for (index, attempt) in attempts.enumerated() {
            // Only a code that a key chose can be asked for twice, so a sold-out sale looks for no others.
            if before.free > 0 || attempt.keyed, let id = attempt.holdID, let earlier = hold(of: id) {
                results.append(.repeated(itemID: earlier.itemID, deadline: earlier.deadline))
            } else if before.free > 0 || attempt.keyed, let id = attempt.holdID, settled[id] != nil {
                results.append(.notDecided)
            } else if banned[attempt.user] != nil {
                results.append(.decided(.banned))
            } else if free == 0 {
                results.append(.decided(.soldOut))
            } else if unitsOfUser[attempt.user, default: 0] >= limit {
                results.append(.decided(.userLimit))
            } else if let id = attempt.holdID {
                let hold = Hold(
                    user: attempt.user,
                    itemID: attempt.itemID,
                    deadline: deadline,
                    keyed: attempt.keyed
                )
                openHolds[id] = hold
                unitsOfUser[attempt.user, default: 0] += 1
                made.append((index, id, hold))
                results.append(.decided(.held))
            }
        }
        guard results.contains(where: { $0.recordedLetter != Outcome.repeatedLetter }) else { return results }
        sequence += 1
        records.append(
            .attempts(
                sequence: sequence,
                at: now,
                free: before.free,
                held: before.held,
                sold: before.sold,
                letters: results.map(\.recordedLetter),
                attempts: attempts
            )
        )
        for (index, id, hold) in made {
            records.append(.held(sequence: sequence, at: now, index: index, holdID: id, hold: hold))
        }
        return results
    }

    private func hold(of id: HoldID) -> Hold? {
        openHolds[id] ?? tombstones[id] ?? receipts[id]?.hold
    }
}
