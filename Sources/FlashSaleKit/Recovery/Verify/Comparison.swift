/// Judges what was collected: every condition that can be checked becomes an invariant with its figures.
struct Comparison: Sendable {
    let evidence: Evidence
    /// The ledger played to the instant at which Redis was read.
    let fold: LedgerFold

    init(_ evidence: Evidence) {
        self.evidence = evidence
        fold = evidence.fold
    }

    var recount: PostgresRecount { evidence.recount }
    var saleID: SaleID { recount.saleID }

    /// Whether Postgres, Redis and the journal were read at one instant.
    var isComplete: Bool { evidence.tail != nil }

    /// The conditions in the order of their kinds.
    func invariants() -> [Invariant] {
        var found = recount.invariants.filter { $0.kind != .heldAttempts }
        found.append(balance())
        found.append(numbering())
        found.append(cursors())
        if recount.attempts != nil {
            found.append(heldAttempts())
            if isComplete || recount.isFinished { found.append(sequence()) }
        }
        if recount.isFinished { found.append(summary()) }
        if recount.isOpened, !recount.isFinished, !evidence.isPassing { found.append(sentinels()) }
        if let contents = evidence.contents, isComplete {
            found += [
                units(contents), holds(contents), deadlines(contents), users(contents), receipts(contents),
                controls(contents), terms(contents), journal(contents), installation(contents),
            ]
        }
        let order = Invariant.Kind.allCases
        return found.sorted { (order.firstIndex(of: $0.kind) ?? 0) < (order.firstIndex(of: $1.kind) ?? 0) }
    }

    /// Whether a rebuild has given a hold of the ledger more time: rebuilt holds get at least a minute.
    func isExtended(_ deadline: Int64, beyond original: Int64, epoch: Int64) -> Bool {
        let minute: Int64 = 60_000_000
        // A rebuild adds the time that it takes to write its rows, a millisecond for ten: at most all holds that began.
        let writing = Int64(fold.begun) * 100
        return recount.recoveries.contains { recovery in
            let end = recovery.completed ?? evidence.contents?.at.microseconds ?? recovery.started
            return recovery.rebuilt && recovery.epoch > epoch && original < deadline
                && deadline >= recovery.started + minute - Comparison.clockTolerance
                && deadline <= end + minute + writing + Comparison.clockTolerance
        }
    }

    /// Rebuilds are timed by Postgres, holds by Redis: the guards allow them to be 2 s apart.
    private static let clockTolerance: Int64 = 5_000_000

    // MARK: - Postgres alone

    private func balance() -> Invariant {
        var invariant = Invariant(.balance, saleID)
        for (name, count) in [
            ("begun", fold.begun), ("bought", fold.sold.count), ("lapsed", fold.lapsed),
            ("given back", fold.released), ("open", fold.open.count),
        ] { invariant.figure(name, count) }
        for contradiction in fold.contradictions.sorted(by: { $0.sentence < $1.sentence }) {
            invariant.violate(contradiction.sentence, hold: contradiction.hold, user: contradiction.user)
        }
        let ended = fold.sold.count + fold.lapsed + fold.released
        if fold.contradictions.isEmpty {
            invariant.require(
                fold.begun == ended + fold.open.count,
                "\(fold.begun) holds of sale \(saleID) began, \(ended) ended and \(fold.open.count) are open"
            )
        }
        if recount.isFinished {
            for (id, hold) in fold.open.sorted(by: { HoldID.inReportOrder($0.key, $1.key) }) {
                invariant.violate(
                    "hold \(id) of user '\(hold.user)' is open in the ledger of sale \(saleID), which is finished",
                    hold: id,
                    user: hold.user
                )
            }
        }
        return invariant
    }

    private func numbering() -> Invariant {
        var invariant = Invariant(.numbering, saleID)
        invariant.figure("sold", fold.sold.count)
        var units: [Int64: HoldID] = [:]
        var slots: [UserID: [Int64]] = [:]
        for (id, sold) in fold.sold.sorted(by: { HoldID.inReportOrder($0.key, $1.key) }) {
            slots[sold.user, default: []].append(sold.slot)
            if let other = units.updateValue(id, forKey: sold.unit) {
                invariant.violate(
                    "unit \(sold.unit) of sale \(saleID) is sold twice in the ledger: holds \(other) and \(id)",
                    hold: id,
                    user: sold.user,
                    unit: sold.unit
                )
            }
        }
        let highest = units.keys.max() ?? 0
        invariant.figure("highest unit", highest)
        if highest > 0, highest <= Int64(fold.sold.count) + 1_000_000 {
            for unit in 1...highest where units[unit] == nil {
                invariant.violate(
                    "unit \(unit) of sale \(saleID) is missing in the ledger, which has units up to \(highest)",
                    unit: unit
                )
            }
        }
        invariant.require(
            highest <= recount.stock,
            "unit \(highest) of sale \(saleID) is beyond its stock of \(recount.stock)"
        )
        for (user, numbers) in slots.sorted(by: { $0.key < $1.key }) {
            let wanted = (1...Int64(numbers.count))
            if numbers.sorted() != Array(wanted) || wanted.upperBound > recount.userLimit {
                let shown = numbers.sorted().prefix(30).map(String.init).joined(separator: ", ")
                invariant.violate(
                    "user '\(user)' of sale \(saleID) has bought units number \(shown) of his, with a limit of "
                        + "\(recount.userLimit)",
                    user: user
                )
            }
        }
        return invariant
    }

    private func summary() -> Invariant {
        var invariant = Invariant(.summary, saleID)
        var counted: [(String, Int64)] = [
            ("purchases", recount.purchases), ("expired", Int64(fold.lapsed)), ("released", Int64(fold.released)),
        ]
        if recount.attempts != nil {
            counted += Outcome.allCases.map { ($0.name, recount.outcomes[$0] ?? 0) }
            counted.append(("attempts", recount.outcomes.values.reduce(0, +)))
        }
        // A sale that was never opened says so and has no figures.
        let isEmpty = recount.summary["opened"] == "false" && !recount.isOpened
        for (name, count) in counted {
            invariant.figure(name, count)
            let noted = recount.summary[name]
            invariant.require(
                (isEmpty && count == 0) || noted == String(count),
                "the summary of sale \(saleID) says \(name) \(noted ?? "nothing"), recorded are \(count)"
            )
        }
        return invariant
    }
}
