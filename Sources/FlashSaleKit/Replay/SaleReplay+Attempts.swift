/// Checkouts.
extension SaleReplay {
    /// Judges a checkout and the hold that the ledger has in its place.
    mutating func judge(_ attempt: AttemptRow, _ hold: LedgerRecord?) {
        let place = attempt.place
        guard waitsForOther(attempt, hold) == false else { return mode = .waiting }
        guard enter(place, .attempts, at: attempt.at, user: attempt.user) else { return }
        guard let outcome = attempt.outcome else {
            let letter = String(Character(UnicodeScalar(attempt.letter)))
            return diverge(.attempts, place, attempt.user, "the outcome '\(letter)'", "H, S, L or B", "it is none")
        }
        if isReconciled(place) || isBeforeReconciliation(place) || facts.isLost(.ledger, place) {
            totals.unjudged += 1
            if let hold { apply(hold) }
            return
        }
        if let closure = model.closure(at: attempt.at) {
            return diverge(.attempts, place, attempt.user, outcome.name, "no decision", closure)
        }
        let expected = model.outcome { attempt.user }
        guard expected == outcome else {
            let why = model.reason(for: expected, of: attempt.user)
            return diverge(.attempts, place, attempt.user, outcome.name, expected.name, why, hold: hold?.holdID)
        }
        if outcome == .soldOut { checkNothingLapsed(attempt) }
        guard outcome == .held else {
            if let hold {
                let why = "an attempt that was refused gets none"
                diverge(.ledger, place, hold.user, "a hold", "none", why, hold: hold.holdID)
            }
            return
        }
        guard let hold else {
            let why = "the attempt at its place was held"
            return diverge(.ledger, place, attempt.user, "no hold", "a hold", why)
        }
        guard hold.user == attempt.user, hold.item == attempt.item, hold.at == attempt.at else {
            let asked = "user '\(attempt.user)', item \(attempt.item), \(attempt.at.precise)"
            let found = "user '\(hold.user)', item \(hold.item), \(hold.at.precise)"
            return diverge(.ledger, place, hold.user, found, asked, "the attempt says so", hold: hold.holdID)
        }
        judgeHeld(hold)
    }

    /// Whether the other half of this record may still be in the journal.
    private func waitsForOther(_ attempt: AttemptRow, _ hold: LedgerRecord?) -> Bool {
        guard attempt.letter == Outcome.held.rawValue, hold == nil else { return false }
        return attempt.place.seq > facts.drained(.ledger) && !facts.isLost(.ledger, attempt.place)
    }

    /// Whatever has lapsed is given back before anybody is told that nothing is left.
    private mutating func checkNothingLapsed(_ attempt: AttemptRow) {
        let place = attempt.place
        let gaveBackAll = expiries.seq == place.seq - 1 && expiries.count >= SaleModel.mostLapsed
        guard !gaveBackAll, let lapsed = watch.lapsed(at: attempt.at, in: model),
            let hold = model.openHolds[lapsed]
        else { return }
        let why = "the hold of user '\(hold.user)' had lapsed at \(hold.deadline.precise) and was not given back"
        diverge(.attempts, place, attempt.user, Outcome.soldOut.name, "an expiry first", why, hold: lapsed)
    }

    /// A hold that has its attempt, or whose attempt was lost.
    mutating func judgeHeld(_ row: LedgerRecord) {
        guard let id = row.holdID, let deadline = row.deadline else {
            return diverge(.ledger, row.place, row.user, "an incomplete hold", "a hold", "it has no id or deadline")
        }
        let hold = SaleModel.Hold(user: row.user, itemID: row.item, deadline: deadline, keyed: row.detail == "1")
        judge(row) { model throws(SaleModel.Objection) in try model.replayHeld(id, hold, at: row.at) }
        watch.add(id, deadline, in: model)
    }

    /// Applies a rule to a row of the ledger.
    mutating func judge(
        _ row: LedgerRecord,
        _ rule: (inout SaleModel) throws(SaleModel.Objection) -> Void
    ) {
        do throws(SaleModel.Objection) {
            try rule(&model)
        } catch {
            let user = row.user.isEmpty ? nil : row.user
            diverge(.ledger, row.place, user, row.words, error.expected, error.why, hold: row.holdID)
        }
    }
}

extension LedgerRecord {
    /// The row in the words of a divergence.
    var words: String {
        switch kind {
        case .held: "held until \(deadline.map(\.precise) ?? "")"
        case .purchased: "unit \(unit) purchased as number \(slot) of the user '\(user)', item \(item)"
        case .expired, .released: "\(kind?.rawValue ?? "") for user '\(user)', item \(item)"
        case .control: "control \(fields.prefix(2).joined(separator: " = "))"
        case .opened, .rebuilt:
            "\(kind?.rawValue ?? "") with stock, free, held, sold = \(fields.joined(separator: ", "))"
        case .ban, .unban, .reconciled: kind?.rawValue ?? ""
        case nil: "an unknown kind"
        }
    }
}
