/// The rules applied to one record after another, instead of to whole calls: what was decided is known, and each
/// function says why the rules do not allow it.
extension SaleModel {
    /// Why a record does not follow from those before it.
    struct Objection: Error, Equatable {
        /// What the rules give instead, in the words of the record.
        var expected: String
        /// The reason, as a part of a sentence.
        var why: String
    }

    /// The sale before its first step.
    init(unopened terms: SaleTerms, epoch: Int64, clock: Timestamp) {
        self.init(terms: terms, epoch: epoch, clock: clock)
        sequence = 0
        records = []
    }

    /// What the rules give a checkout now, asked in their order: banned, sold out, user limit, held. The user is only
    /// read when it matters.
    func outcome(of user: () -> UserID) -> Outcome {
        if !banned.isEmpty, banned[user()] != nil { return .banned }
        if free <= 0 { return .soldOut }
        return unitsOfUser[user(), default: 0] >= limit ? .userLimit : .held
    }

    /// Why ``outcome(of:)`` is what it is.
    func reason(for outcome: Outcome, of user: UserID) -> String {
        let units = unitsOfUser[user, default: 0]
        return switch outcome {
        case .banned: "the user is banned"
        case .soldOut: "no unit is free"
        case .userLimit: "the user has \(units) unit\(units == 1 ? "" : "s") and the limit is \(limit)"
        case .held: "a unit is free and the user has \(units) of \(limit) units"
        }
    }

    /// Why no checkout is decided at this time; nil when they are.
    func closure(at time: Timestamp) -> String? {
        if finished { return "the sale was finished" }
        if time < opensAt { return "the sale opens at \(opensAt.rfc3339)" }
        if time >= closesAt { return "the sale closed at \(closesAt.rfc3339)" }
        return checkoutPaused ? "checkouts were paused" : nil
    }

    /// A unit is held.
    mutating func replayHeld(_ id: HoldID, _ hold: Hold, at time: Timestamp) throws(Objection) {
        if openHolds[id] != nil || receipts[id] != nil {
            throw Objection(expected: "no second hold", why: "hold \(id) exists already")
        }
        let deadline = time.adding(milliseconds: holdMilliseconds)
        guard hold.deadline == deadline else {
            throw Objection(
                expected: "a deadline of \(deadline.precise)",
                why: "a hold lasts \(holdMilliseconds) ms, and this one is recorded until \(hold.deadline.precise)"
            )
        }
        begin(id, hold)
    }

    /// A hold ends without a purchase.
    ///
    /// - Parameter earliest: what its deadline is at least, when a rebuild has given it a later one.
    mutating func replayEnd(
        _ kind: Record.End,
        _ id: HoldID,
        user: UserID,
        item: Int64,
        at time: Timestamp,
        earliest: Timestamp?
    ) throws(Objection) {
        let hold = try open(id, user, item, kind.rawValue)
        switch kind {
        case .expired where time < earliest ?? hold.deadline:
            throw Objection(expected: "held", why: "the hold lasts until \(hold.deadline.precise)")
        case .released where time >= hold.deadline:
            throw Objection(expected: "expired", why: "the hold had lapsed at \(hold.deadline.precise)")
        case .expired, .released: drop(id, hold)
        }
    }

    /// A hold is bought.
    mutating func replayPurchase(_ id: HoldID, _ receipt: Receipt) throws(Objection) {
        if purchasePaused { throw Objection(expected: "no purchase", why: "purchases were paused") }
        let hold = try open(id, receipt.hold.user, receipt.hold.itemID, "purchased")
        guard receipt.purchasedAt < hold.deadline else {
            throw Objection(expected: "expired", why: "the hold had lapsed at \(hold.deadline.precise)")
        }
        guard receipt.unit == sold + 1 else {
            throw Objection(expected: "unit \(sold + 1)", why: "\(sold) units were sold before")
        }
        let slot = soldOfUser[hold.user, default: 0] + 1
        guard receipt.slot == slot else {
            throw Objection(expected: "number \(slot) of the user", why: "the user had bought \(slot - 1) before")
        }
        buy(id, receipt)
    }

    /// An operator changed something.
    mutating func replayControl(_ operation: ControlCall.Operation, at time: Timestamp) throws(Objection) {
        guard let request = ControlCall.Request(operation, who: "replay", why: "replay") else {
            throw Objection(expected: "no change", why: "its value is none that an operator can give")
        }
        let answer = control(request, at: time, confirmed: time)
        records = []
        guard answer.decision == .changed else {
            let found = answer.decision.map(\.rawValue) ?? "\(answer.status)"
            throw Objection(expected: found, why: "it changed nothing at this step")
        }
    }

    /// The sale was opened, or goes on after a rebuild, with these counts.
    func replayCounts(_ counts: (stock: Int, free: Int, held: Int, sold: Int)) throws(Objection) {
        guard counts == (stock, free, held, sold) else {
            throw Objection(
                expected: "stock \(stock), free \(free), held \(held), sold \(sold)",
                why: "that follows from the records before it"
            )
        }
    }

    private func open(_ id: HoldID, _ user: UserID, _ item: Int64, _ end: String) throws(Objection) -> Hold {
        guard let hold = openHolds[id] else {
            let state = receipts[id] == nil ? "is not open" : "was bought before"
            throw Objection(expected: "not \(end)", why: "hold \(id) \(state)")
        }
        guard hold.user == user, hold.itemID == item else {
            throw Objection(
                expected: "user '\(hold.user)', item \(hold.itemID)",
                why: "hold \(id) is that of another user or item"
            )
        }
        return hold
    }

    // MARK: Without asking: for steps that a person wrote

    mutating func begin(_ id: HoldID, _ hold: Hold) {
        openHolds[id] = hold
        unitsOfUser[hold.user, default: 0] += 1
    }

    /// The hold is gone, its unit and its user's quota are free again. Nothing is remembered of it: no second record
    /// can bear its id.
    mutating func drop(_ id: HoldID, _ hold: Hold) {
        openHolds[id] = nil
        let left = unitsOfUser[hold.user, default: 0] - 1
        unitsOfUser[hold.user] = left == 0 ? nil : left
    }

    mutating func buy(_ id: HoldID, _ receipt: Receipt) {
        openHolds[id] = nil
        soldOfUser[receipt.hold.user, default: 0] += 1
        receipts[id] = receipt
    }
}

extension Timestamp {
    /// RFC 3339 in UTC with microseconds.
    var precise: String {
        let rest = Int(((microseconds % 1_000_000) + 1_000_000) % 1_000_000) % 1000
        let digits = String(rest)
        return rfc3339.dropLast() + String(repeating: "0", count: 3 - digits.count) + digits + "Z"
    }
}
