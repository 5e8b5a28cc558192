/// The conditions between the two tables, the cursors and the journal.
extension Comparison {
    func heldAttempts() -> Invariant {
        var invariant = recount.invariants.first { $0.kind == .heldAttempts } ?? Invariant(.heldAttempts, saleID)
        let begun = (evidence.tail?.ledger ?? []).filter { $0.kind == .held && $0.seq > recount.ledger.drainedSeq }
        let asked = (evidence.tail?.held ?? [:]).filter { $0.key.seq > recount.attempts?.drainedSeq ?? 0 }
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
            if evidence.isLost(row, isHold: true) || mayBeOnItsWay(row, beyond: recount.attempts?.highestSeq ?? 0) {
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
            if evidence.isLost(row, isHold: false) || mayBeOnItsWay(row, beyond: recount.ledger.highestSeq) {
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
        for gap in recount.loose.gaps where gap.seq <= gap.before {
            invariant.violate(
                "step \(gap.seq) of epoch \(gap.epoch) follows step \(gap.before) of epoch \(gap.beforeEpoch) of "
                    + "sale \(saleID): steps only grow"
            )
        }
        let (missing, lost) = absentSteps()
        invariant.figure("steps", lastStep)
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

    /// Steps that no record has and no recovery explains.
    func missingSteps() -> [Int64] {
        let missing = absentSteps().missing
        return missing.count > recount.deadLetters ? missing : []
    }

    private var lastStep: Int64 { max(evidence.contents?.number("seq") ?? 0, recount.loose.highestSeq) }

    private func absentSteps() -> (missing: [Int64], lost: Int) {
        guard recount.attempts != nil, isComplete || recount.isFinished else { return ([], 0) }
        let tail = evidence.tail?.steps ?? []
        var missing: [Int64] = []
        var lost = 0
        var gaps = recount.loose.gaps.filter { $0.seq > $0.before }
        gaps.append(
            LooseEnds.Gap(
                beforeEpoch: recount.epoch,
                before: recount.loose.highestSeq,
                epoch: recount.epoch,
                seq: lastStep + 1
            )
        )
        for gap in gaps {
            // Beyond this many the figure is what matters.
            for seq in (gap.before + 1)..<min(gap.seq, gap.before + 1_000_000) where !tail.contains(seq) {
                if isExplained(seq, gap) { lost += 1 } else { missing.append(seq) }
            }
        }
        return (missing, lost)
    }

    private func isExplained(_ seq: Int64, _ gap: LooseEnds.Gap) -> Bool {
        recount.notes.explains(seq)
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
            let name = "the \(what) of user '\(user ?? .empty)'\(hold.map { ", hold \($0)," } ?? "")"
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
