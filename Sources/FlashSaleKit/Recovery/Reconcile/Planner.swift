/// Turns what a recount found into steps. Nothing is ever deleted, and no total becomes lower because a store lags.
struct Planner {
    let evidence: Evidence
    let gaps: RecordGaps
    let invariants: [Invariant]
    private(set) var plan: ReconciliationPlan

    /// Rows that will be in the ledger and in the attempts where they once were.
    var restored: [JournalStream: Set<JournalTail.Step>] = [:]
    /// Rows of the ledger that are written at the new step because nobody knows where they were.
    var moved = 0
    /// Holds, users and units about which a step does something.
    var settled: Set<HoldID> = []
    var settledUnits: Set<Int64> = []
    var settledSteps: Set<JournalTail.Step> = []
    /// Whether Redis has something that a rebuild would take away from a buyer.
    var keepsRedis = false

    private let fold: LedgerFold

    init(_ evidence: Evidence, _ gaps: RecordGaps) {
        self.evidence = evidence
        self.gaps = gaps
        let comparison = Comparison(evidence)
        fold = comparison.fold
        invariants = comparison.invariants()
        plan = ReconciliationPlan(evidence.saleID)
        plan.highestStep = max(fold.highestSeq, evidence.contents?.number("seq") ?? 0)
    }

    private var saleID: SaleID { evidence.saleID }

    /// Makes the plan.
    mutating func make() -> ReconciliationPlan {
        guard invariants.contains(where: { $0.violations > 0 }) else { return plan }
        guard evidence.trouble == nil, violations(.installation).isEmpty else {
            // Without all of Redis and the journal nobody can tell what is missing, nor with those of somebody else.
            listTheRest(repairable: [])
            return plan
        }
        restoreFromJournal()
        restoreBeginnings()
        restoreAttempts()
        recordPurchases()
        acceptReceipts()
        writePurchases()
        correctCursors()
        rebuild()
        listTheRest(repairable: Planner.repairable)
        return plan
    }

    mutating func add(_ operation: Operation, _ action: String, because why: String) {
        plan.add(operation, action, because: why)
    }

    /// Records that Postgres has lost and the journal still has go back to where they were.
    private mutating func restoreFromJournal() {
        for fault in evidence.faults where fault.kind == .missing {
            settledSteps.insert(fault.step)
            let place = "step \(fault.step.seq), row \(fault.step.index), epoch \(fault.step.epoch)"
            if let row = fault.ledgerRow, let kind = LedgerInsert.Kind(rawValue: row.kind.rawValue) {
                restored[.ledger, default: []].insert(fault.step)
                if let hold = row.holdID { settled.insert(hold) }
                if row.unit > 0 { settledUnits.insert(row.unit) }
                let name = row.holdID.map { "hold \($0) of user '\(row.userID)'" } ?? "'\(row.detail ?? "")'"
                add(
                    .ledger(LedgerInsert(row, kind: kind, at: fault.step)),
                    "insert the row '\(row.kind.rawValue)' of \(name) into the ledger at \(place)",
                    because: "the journal still has it, and it was drained"
                )
                if kind == .purchased, let id = row.holdID, !gaps.notInLedger.contains(where: { $0.holdID == id }) {
                    add(
                        .purchase(id),
                        "insert unit \(row.unit), hold \(id) of user '\(row.userID)', into purchases",
                        because: "the journal still has it, and it was drained"
                    )
                }
            } else if let row = fault.attempt {
                restored[.attempts, default: []].insert(fault.step)
                let letter = Character(UnicodeScalar(row.outcome))
                let attempt = AttemptInsert(
                    user: row.user,
                    item: row.item,
                    at: fault.at,
                    outcome: row.outcome,
                    place: fault.step
                )
                add(
                    .attempt(attempt),
                    "insert the attempt of user '\(row.user)' with outcome \(letter) at \(place)",
                    because: "the journal still has it, and it was drained"
                )
            }
        }
    }

    /// A hold that an attempt got, whose beginning the ledger lacks: Redis, or its end in the ledger, says which.
    private mutating func restoreBeginnings() {
        var candidates = gaps.ends.filter { !settled.contains($0.key) }.map { ($0.key, $0.value.user, $0.value.item) }
        let known = evidence.contents
        for (id, hold) in known?.holds ?? [:] where fold.open[id] == nil && fold.remembered[id] == nil {
            if !settled.contains(id) { candidates.append((id, hold.user, hold.item)) }
        }
        for (id, receipt) in known?.receipts ?? [:] where fold.sold[id] == nil && fold.open[id] == nil {
            if !settled.contains(id) { candidates.append((id, receipt.user, receipt.item)) }
        }
        candidates.sort { HoldID.inReportOrder($0.0, $1.0) }
        for row in lonelyAttempts {
            guard let detail = gaps.details[row.step] else { continue }
            let deadline = detail.at.adding(milliseconds: evidence.recount.holdMilliseconds)
            func fits(_ candidate: (HoldID, UserID, Int64)) -> Bool {
                let (id, user, item) = candidate
                guard user == row.user, item == detail.item else { return false }
                let named = known?.holds[id]?.deadline ?? known?.receipts[id]?.deadline
                return named.map { $0 == deadline.microseconds } ?? true
            }
            guard let found = candidates.firstIndex(where: fits) else { continue }
            let id = candidates.remove(at: found).0
            settled.insert(id)
            settledSteps.insert(row.step)
            restored[.ledger, default: []].insert(row.step)
            let keyed = known?.holds[id].map { $0.keyed != UInt8(ascii: "0") } ?? false
            let insert = LedgerInsert(
                kind: .held,
                holdID: id,
                user: row.user,
                item: detail.item,
                at: detail.at,
                deadline: deadline,
                detail: keyed ? "1" : "0",
                place: row.step
            )
            add(
                .ledger(insert),
                "insert the row 'held' of hold \(id) of user '\(row.user)' into the ledger at step \(row.seq), row "
                    + "\(row.index), epoch \(row.epoch)",
                because: "the attempt that got it is recorded there"
            )
        }
    }

    /// Attempts that got a hold which the ledger does not have, beyond what a recovery explains.
    private var lonelyAttempts: [LooseEnds.Row] {
        let begun = Set((evidence.tail?.ledger ?? []).filter { $0.kind == .held }.map(\.step))
        return evidence.recount.loose.attempts.filter { row in
            !begun.contains(row.step) && !restored[.ledger, default: []].contains(row.step)
                && !evidence.isLost(row, isHold: false)
        }
    }

    /// A hold of the ledger without the attempt that got it.
    private mutating func restoreAttempts() {
        for row in evidence.recount.loose.holds {
            guard evidence.tail?.held[row.step] == nil, !restored[.attempts, default: []].contains(row.step),
                !evidence.isLost(row, isHold: true), !gaps.taken.contains(row.step),
                let detail = gaps.details[row.step]
            else { continue }
            settledSteps.insert(row.step)
            if let id = row.holdID { settled.insert(id) }
            restored[.attempts, default: []].insert(row.step)
            let attempt = AttemptInsert(
                user: row.user,
                item: detail.item,
                at: detail.at,
                outcome: Outcome.held.rawValue,
                place: row.step
            )
            add(
                .attempt(attempt),
                "insert the attempt of user '\(row.user)' with outcome H at step \(row.seq), row \(row.index), epoch "
                    + "\(row.epoch)",
                because: "the hold \(row.holdID.map(\.description) ?? "") that it got is in the ledger"
            )
        }
    }

    /// Forgets what was planned: none of it can be done.
    mutating func dropSteps() {
        plan.steps.removeAll()
    }

    /// Hands back what was planned; used by the parts of the planner in other files.
    func violations(_ kind: Invariant.Kind) -> [Finding] {
        invariants.first { $0.kind == kind }?.findings ?? []
    }

    mutating func needPerson(_ sentence: String) {
        plan.needsPerson.append(sentence)
    }

    var ledgerFold: LedgerFold { fold }
}

extension LedgerInsert {
    /// A row as the journal has it.
    init(_ row: LedgerRow, kind: Kind, at place: JournalTail.Step) {
        self.init(
            kind: kind,
            holdID: row.holdID,
            user: row.userID,
            item: row.itemID,
            at: row.at,
            unit: row.unit,
            slot: row.userSlot,
            deadline: row.deadline,
            detail: row.detail,
            place: place
        )
    }
}

extension LedgerRow {
    /// Where it stands.
    var step: JournalTail.Step { JournalTail.Step(epoch: epoch, seq: seq, index: Int64(index)) }
}
