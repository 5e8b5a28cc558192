/// Cursors, Redis, and what is left to people.
extension Planner {
    mutating func correctCursors() {
        placeCursors()
        let lost = noteLostSteps()
        for stream in JournalStream.allCases { correctFigures(stream, lost) }
    }

    /// A cursor behind the records would bring them a second time: it goes where they end. The journal still has that
    /// entry, or nobody can say where.
    private mutating func placeCursors() {
        for stream in JournalStream.allCases {
            guard let recorded = stream == .ledger ? evidence.recount.ledger : evidence.recount.attempts,
                let first = evidence.tail?.firstSeq[stream], first <= recorded.drainedSeq,
                let id = evidence.tail?.recordedEnd[stream]
            else { continue }
            add(
                .cursor(stream, id),
                "move the cursor of the \(stream) from \(evidence.recount.cursor(stream).lastID) to \(id)",
                because: "what is in front of it is recorded up to step \(recorded.drainedSeq)"
            )
        }
    }

    /// Steps that no record has any more, because their rows are written at the new step or happen again.
    private mutating func noteLostSteps() -> Int {
        let restoredSteps = Set(restored.values.flatMap { $0 }.map(\.seq))
        let lost = Comparison(evidence).missingSteps().filter { !restoredSteps.contains($0) }
        guard !lost.isEmpty, lost.count <= moved + reopened else {
            for range in Comparison.ranges(lost) {
                needPerson(
                    "steps \(range.lowerBound) to \(range.upperBound) of sale \(evidence.saleID) are on no "
                        + "record, and no store has them any more"
                )
            }
            return 0
        }
        for range in Comparison.ranges(lost) {
            add(
                .note(ReconciledNotes.gap(range)),
                "note that steps \(range.lowerBound) to \(range.upperBound) have no record",
                because: "what was decided there is recorded at the new step, or is decided again"
            )
        }
        return lost.count
    }

    /// Holds that have ended in Redis, while the ledger has lost their end: they are open again, and end again.
    private var reopened: Int {
        guard let contents = evidence.contents, evidence.tail != nil else { return 0 }
        return ledgerFold.open.keys.count { id in
            contents.holds[id]?.isOpen != true && contents.receipts[id] == nil && !settled.contains(id)
        }
    }

    private mutating func correctFigures(_ stream: JournalStream, _ lostSteps: Int) {
        guard let recorded = stream == .ledger ? evidence.recount.ledger : evidence.recount.attempts else { return }
        let places = restored[stream, default: []]
        let cursor = evidence.recount.cursor(stream)
        let notes = evidence.recount.notes
        let rows = recorded.rows + Int64(places.count) - (notes.rows[stream] ?? 0)
        let entries = recorded.entries + newEntries(stream, places) - (notes.entries[stream] ?? 0)
        let (moreRows, moreEntries) = (rows - cursor.rows, entries - cursor.entries)
        if moreRows == 0, moreEntries == 0 { return }
        if moreRows >= 0, moreEntries >= 0 {
            return add(
                .figures(stream, rows: rows, entries: entries),
                "raise the figures of the \(stream) cursor from \(cursor.rows) rows and \(cursor.entries) entries to "
                    + "\(rows) and \(entries)",
                because: "that is what is recorded"
            )
        }
        guard stream == .ledger, moreRows <= 0, moreEntries <= 0, -moreRows <= Int64(moved + reopened) else {
            if evidence.recount.deadEntries.isEmpty {
                needPerson(
                    "the cursor of the \(stream) of sale \(evidence.saleID) has brought \(cursor.rows) rows from "
                        + "\(cursor.entries) entries, recorded would be \(rows) from \(entries): records are lost"
                )
            }
            return
        }
        let why = "they are recorded at the new step, or are decided again"
        if moreRows != 0 {
            add(
                .note(ReconciledNotes.rows(stream, moreRows)),
                "note that \(-moreRows) drained rows are lost",
                because: why
            )
        }
        if moreEntries != 0 {
            let note = ReconciledNotes.entries(stream, moreEntries)
            add(.note(note), "note that \(-moreEntries) drained entries are lost", because: why)
        }
    }

    /// Entries of which no row was left.
    private func newEntries(_ stream: JournalStream, _ places: Set<JournalTail.Step>) -> Int64 {
        Int64(Set(places.map(\.seq)).subtracting(gaps.recordedSteps[stream] ?? []).count)
    }

    /// Redis gets what the ledger says. Whenever anything is written, and when Redis alone is wrong.
    mutating func rebuild() {
        guard evidence.contents != nil, !evidence.recount.isFinished else { return }
        let kinds: [Invariant.Kind] = [.holds, .deadlines, .users, .receipts]
        let inRedis: [Invariant.Kind] = kinds + [.units, .controls, .terms, .sentinels]
        let epochs = Set(JournalStream.allCases.map { evidence.recount.cursor($0).epoch })
        let isApart = epochs.count > 1 || inRedis.contains { !violations($0).isEmpty }
        guard !plan.steps.isEmpty || isApart else { return }
        guard !keepsRedis else {
            // Nothing can be written without a rebuild, which would forget those receipts.
            dropSteps()
            return needPerson("Redis is not rebuilt: it has receipts that the ledger cannot take over")
        }
        var subjects = Set<String>()
        for finding in kinds.flatMap({ violations($0) }) {
            subjects.insert(finding.holdID?.description ?? finding.user?.description ?? "")
        }
        add(
            .rebuild(subjects.sorted()),
            "rebuild sale \(evidence.saleID) in Redis from its ledger; open holds last at least a minute from then on",
            because: subjects.isEmpty
                ? "whatever Redis has otherwise follows from the records then"
                : "\(subjects.count) entries differ there"
        )
    }

    /// What follows from the records once Redis is rebuilt, or is listed where it is looked at.
    static let repairable: Set<Invariant.Kind> = [
        .units, .holds, .deadlines, .users, .receipts, .controls, .terms, .sentinels, .sequence,
    ]

    /// Findings about which no step does anything.
    mutating func listTheRest(repairable: Set<Invariant.Kind>) {
        let isRestoring = !restored.isEmpty
        for invariant in invariants where !repairable.contains(invariant.kind) {
            for finding in invariant.findings where !isSettled(finding, invariant.kind, isRestoring) {
                let sentence = finding.sentence.prefixBeforeNextStep
                if !plan.needsPerson.contains(sentence) { needPerson(sentence) }
            }
            let rest = invariant.violations - invariant.findings.count
            if rest > 0, invariant.kind != .heldAttempts, invariant.kind != .journal {
                needPerson("\(rest) further violations of '\(invariant.kind.rawValue)' are not listed")
            }
        }
    }

    /// The figures and the epochs are looked at where the steps about them are made.
    private func isSettledCursor(_ sentence: String) -> Bool {
        if sentence.contains("has brought") || sentence.contains("at different epochs") { return true }
        if sentence.contains("ahead of what is recorded") { return !restored.isEmpty }
        return sentence.contains("behind what is recorded")
            && plan.steps.contains { step in
                if case .cursor = step.operation { true } else { false }
            }
    }

    private func isSettled(_ finding: Finding, _ kind: Invariant.Kind, _ isRestoring: Bool) -> Bool {
        switch kind {
        case .purchases, .balance: finding.holdID.map(settled.contains) ?? isRestoring
        case .numbering: finding.unit.map(settledUnits.contains) ?? isRestoring
        // What was lost of the ledger made refusals look wrong.
        case .outcomes: isRestoring
        case .cursors: isSettledCursor(finding.sentence)
        case .heldAttempts, .journal:
            settledSteps.contains { step in finding.sentence.contains("step \(step.seq), row \(step.index)") }
        default: false
        }
    }
}

extension String {
    /// The sentence without what to do next.
    var prefixBeforeNextStep: String {
        guard let range = firstRange(of: "; next step: ") else { return self }
        return String(self[..<range.lowerBound])
    }
}
