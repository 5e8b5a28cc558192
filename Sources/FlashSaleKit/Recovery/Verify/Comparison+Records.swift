/// The conditions between the two tables, the cursors and the journal.
extension Comparison {
    /// Rebuilds explain what Redis had decided above the records of its time and lost with its data.
    private func wasLost(_ row: LooseEnds.Row, isHold: Bool) -> Bool {
        recount.recoveries.contains { recovery in
            guard recovery.rebuilt, row.epoch < recovery.epoch else { return false }
            return isHold
                ? recovery.attemptsSeq < row.seq && row.seq <= recovery.ledgerSeq
                : recovery.ledgerSeq < row.seq && row.seq <= recovery.attemptsSeq
        }
    }

    func heldAttempts() -> Invariant {
        var invariant = recount.invariants.first { $0.kind == .heldAttempts } ?? Invariant(.heldAttempts, saleID)
        let begun = (evidence.tail?.ledger ?? []).filter { $0.kind == .held && $0.seq > recount.ledger.highestSeq }
        let asked = (evidence.tail?.held ?? [:]).filter { $0.key.seq > recount.attempts?.highestSeq ?? 0 }
        let holds =
            recount.loose.holds
            + begun.map {
                LooseEnds.Row(epoch: $0.epoch, seq: $0.seq, index: Int64($0.index), user: $0.userID, holdID: $0.holdID)
            }
        let attempts =
            recount.loose.attempts
            + asked.map { step, user in
                LooseEnds.Row(epoch: step.epoch, seq: step.seq, index: step.index, user: user, holdID: nil)
            }
        let (holdSteps, attemptSteps) = (Set(holds.map(\.step)), Set(attempts.map(\.step)))
        var lost = 0
        for row in holds.sorted(by: LooseEnds.Row.inOrder) where !attemptSteps.contains(row.step) {
            if wasLost(row, isHold: true) || mayBeOnItsWay(row, beyond: recount.attempts?.highestSeq ?? 0) {
                lost += 1
                continue
            }
            invariant.violate(
                "hold \(row.holdID.map(\.description) ?? "?") of user '\(row.user)' of sale \(saleID) began at step "
                    + "\(row.seq), row \(row.index) (epoch \(row.epoch)), but no attempt got it there",
                hold: row.holdID,
                user: row.user
            )
        }
        for row in attempts.sorted(by: LooseEnds.Row.inOrder) where !holdSteps.contains(row.step) {
            if wasLost(row, isHold: false) || mayBeOnItsWay(row, beyond: recount.ledger.highestSeq) {
                lost += 1
                continue
            }
            invariant.violate(
                "the attempt of user '\(row.user)' at step \(row.seq), row \(row.index) (epoch \(row.epoch)), of sale "
                    + "\(saleID) got a hold, but the ledger has none that began there",
                user: row.user
            )
        }
        invariant.figure("lost with Redis data", lost)
        return invariant
    }

    /// While Redis cannot be read, the journal may still have the other half.
    private func mayBeOnItsWay(_ row: LooseEnds.Row, beyond seq: Int64) -> Bool {
        !isComplete && !recount.isFinished && row.seq > seq
    }

    func sequence() -> Invariant {
        var invariant = Invariant(.sequence, saleID)
        let tail = evidence.tail?.steps ?? []
        var missing: [Int64] = []
        var lost = 0
        func look(_ seq: Int64, _ gap: LooseEnds.Gap) {
            if tail.contains(seq) { return }
            if isExplained(seq, gap) { lost += 1 } else { missing.append(seq) }
        }
        for gap in recount.loose.gaps {
            if gap.seq <= gap.before {
                invariant.violate(
                    "step \(gap.seq) of epoch \(gap.epoch) follows step \(gap.before) of epoch \(gap.beforeEpoch) of "
                        + "sale \(saleID): steps only grow"
                )
                continue
            }
            // Beyond this many the figure is what matters.
            let last = min(gap.seq, gap.before + 1_000_000)
            for seq in (gap.before + 1)..<last { look(seq, gap) }
        }
        let end = max(evidence.contents?.number("seq") ?? 0, recount.loose.highestSeq)
        invariant.figure("steps", end)
        if recount.loose.highestSeq < end {
            let top = LooseEnds.Gap(
                beforeEpoch: recount.epoch,
                before: recount.loose.highestSeq,
                epoch: recount.epoch,
                seq: end + 1
            )
            for seq in (top.before + 1)...min(end, top.before + 1_000_000) { look(seq, top) }
        }
        invariant.figure("lost with Redis data", lost)
        // A dead letter does not always say its step.
        if missing.count > recount.deadLetters {
            for range in Comparison.ranges(missing) {
                let name =
                    range.count == 1 ? "step \(range.lowerBound)" : "steps \(range.lowerBound) to \(range.upperBound)"
                invariant.violate(
                    "\(name) of sale \(saleID) \(range.count == 1 ? "is" : "are") neither in the ledger nor in the "
                        + "attempts nor in the journal"
                )
            }
        }
        return invariant
    }

    private func isExplained(_ seq: Int64, _ gap: LooseEnds.Gap) -> Bool {
        recount.notes.gaps.contains { $0.contains(seq) }
            || recount.recoveries.contains { recovery in
                guard recovery.rebuilt else { return false }
                let (low, high) = (
                    min(recovery.ledgerSeq, recovery.attemptsSeq), max(recovery.ledgerSeq, recovery.attemptsSeq)
                )
                if gap.beforeEpoch < recovery.epoch, seq > low, seq <= high { return true }
                return gap.beforeEpoch < recovery.epoch && recovery.epoch <= gap.epoch && seq > high
            }
    }

    static func ranges(_ numbers: [Int64]) -> [ClosedRange<Int64>] {
        var ranges: [ClosedRange<Int64>] = []
        for number in numbers.sorted() {
            if let last = ranges.last, last.upperBound + 1 == number {
                ranges[ranges.count - 1] = last.lowerBound...number
            } else {
                ranges.append(number...number)
            }
        }
        return ranges
    }

    func journal(_ contents: RedisContents) -> Invariant {
        var invariant = Invariant(.journal, saleID)
        invariant.figure("entries on their way", evidence.tail?.entries.values.reduce(0, +) ?? 0)
        let retained = evidence.retained
        invariant.figure("recorded entries compared", (retained?.batches.count ?? 0) + (retained?.ledger.count ?? 0))
        let dead = evidence.tail?.dead ?? 0
        invariant.require(
            dead == 0,
            "\(dead) lines in the journal of sale \(saleID) fit into no table: the drain will make dead letters of them"
        )
        for fault in evidence.faults {
            let user = fault.attempt?.user ?? fault.ledgerRow?.userID
            let what = fault.ledgerRow.map { "row of the ledger (\($0.kind.rawValue))" } ?? "attempt"
            let hold = fault.ledgerRow?.holdID
            let name = "the \(what) of user '\(user ?? "")'\(hold.map { ", hold \($0)," } ?? "")"
            let place = "at step \(fault.step.seq), row \(fault.step.index), of sale \(saleID)"
            switch fault.kind {
            case .missing:
                invariant.violate("\(name) \(place) was drained but is not in Postgres", hold: hold, user: user)
            case .differs(let how):
                invariant.violate("\(name) \(place) differs in Postgres: \(how)", hold: hold, user: user)
            }
        }
        return invariant
    }
}

extension LooseEnds.Row {
    static func inOrder(_ left: LooseEnds.Row, _ right: LooseEnds.Row) -> Bool {
        (left.epoch, left.seq, left.index) < (right.epoch, right.seq, right.index)
    }
}
