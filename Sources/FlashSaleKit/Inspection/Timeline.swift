/// Puts everything that is recorded about a subject into the order in which it happened.
struct Timeline {
    let evidence: SubjectEvidence
    private(set) var lines: [TimelineLine] = []

    // What the records in front of a line say; they are played in the order of the sale.
    private var limit: Int64
    private var ban: (reason: String, who: String)?
    private var held: Set<HoldID> = []
    private var bought: Int64 = 0
    private var beginnings: [HoldID: LedgerRow] = [:]

    /// All lines, the oldest first.
    static func lines(_ evidence: SubjectEvidence) -> [TimelineLine] {
        var timeline = Timeline(evidence)
        timeline.addSteps()
        timeline.insert(timeline.asides())
        return timeline.lines
    }

    private init(_ evidence: SubjectEvidence) {
        self.evidence = evidence
        limit = evidence.records?.recount.userLimit ?? evidence.contents?.number("limit") ?? 0
    }

    /// A row that has a step, and where it is recorded.
    private enum Row {
        case ledger(LedgerRow, RecordPlace)
        case attempt(SubjectRecords.Attempt, RecordPlace)

        var step: JournalTail.Step {
            switch self {
            case .ledger(let row, _): row.step
            case .attempt(let attempt, _): attempt.step
            }
        }

        /// Of the same step, the checkout comes before the hold that it got.
        var isAttempt: Bool { if case .attempt = self { true } else { false } }

        static func inOrder(_ left: Row, _ right: Row) -> Bool {
            let (first, second) = (left.step, right.step)
            return (first.epoch, first.seq, first.index, left.isAttempt ? 0 : 1)
                < (second.epoch, second.seq, second.index, right.isAttempt ? 0 : 1)
        }
    }

    /// Rows of both stores, each once: what was drained between two readings is in both.
    private var rows: [Row] {
        var rows: [Row] = []
        var known = (ledger: Set<JournalTail.Step>(), attempts: Set<JournalTail.Step>())
        for row in (evidence.records?.ledger ?? []) + (evidence.records?.controls ?? [])
        where known.ledger.insert(row.step).inserted { rows.append(.ledger(row, .ledger)) }
        for row in evidence.journal?.ledger ?? [] where known.ledger.insert(row.step).inserted {
            rows.append(.ledger(row, .journal))
        }
        for row in evidence.records?.attempts ?? [] where known.attempts.insert(row.step).inserted {
            rows.append(.attempt(row, .attempts))
        }
        for row in evidence.journal?.attempts ?? [] where known.attempts.insert(row.step).inserted {
            rows.append(.attempt(row, .journal))
        }
        return rows.sorted(by: Row.inOrder)
    }

    private mutating func addSteps() {
        let span = span
        for row in rows {
            switch row {
            case .attempt(let attempt, let place): lines.append(line(attempt, place))
            case .ledger(let row, let place):
                let line = line(row, place)
                play(row)
                // Of a hold, only what happened to the sale while it was open.
                if !row.isControl || span.map({ $0.contains(row.at) }) ?? true { lines.append(line) }
            }
        }
    }

    /// From the beginning of the hold that is asked for to its end; nil for a user.
    private var span: ClosedRange<Timestamp>? {
        guard evidence.subject.hold != nil, let first = evidence.ledger.first else { return nil }
        let last = evidence.ledger.last.flatMap { $0.kind == .held ? evidence.now : $0.at }
        return first.at...max(first.at, last ?? first.at)
    }

    private mutating func play(_ row: LedgerRow) {
        switch row.kind {
        case .held:
            if let id = row.holdID {
                held.insert(id)
                beginnings[id] = row
            }
        case .purchased:
            if let id = row.holdID { held.remove(id) }
            bought += 1
        case .expired, .released: if let id = row.holdID { held.remove(id) }
        case .ban:
            let parts = row.parts
            ban = (parts.first ?? "", parts.count > 1 ? parts[1] : "")
        case .unban: ban = nil
        case .control:
            if row.parts.first == "limit", row.parts.count > 1 { limit = Int64(row.parts[1]) ?? limit }
        case .opened, .rebuilt: break
        }
    }

    // MARK: - Lines

    private func line(_ attempt: SubjectRecords.Attempt, _ place: RecordPlace) -> TimelineLine {
        let outcome = Outcome(rawValue: attempt.letter)
        let units = units(at: attempt.step)
        var userUnits: TimelineLine.UserUnits?
        if evidence.subject.user != nil, evidence.records?.isCut == false {
            userUnits = TimelineLine.UserUnits(held: Int64(held.count), bought: bought, limit: limit)
        }
        var line = TimelineLine(
            .attempt,
            attempt.at,
            [place],
            "checkout for item \(attempt.item)",
            why: TimelineSentence.attempt(outcome, units, userUnits, ban: ban)
        )
        line.step = TimelineLine.Step(attempt.step)
        (line.user, line.itemID, line.outcome) = (attempt.user, attempt.item, outcome)
        (line.units, line.userUnits) = (units, userUnits)
        return line
    }

    private func units(at step: JournalTail.Step) -> UnitCounts? {
        if let units = evidence.journal?.units[step] { return units }
        guard let records = evidence.records, let totals = records.totals[step] else { return nil }
        let free = records.recount.stock - totals.held - totals.sold
        return UnitCounts(free: free, held: totals.held, sold: totals.sold)
    }

    private func line(_ row: LedgerRow, _ place: RecordPlace) -> TimelineLine {
        var places = [place]
        if row.kind == .purchased, let id = row.holdID, evidence.records?.receipts[id] != nil {
            places.append(.purchases)
        }
        let beginning = row.holdID.flatMap { beginnings[$0] }
        let (what, why) = TimelineSentence.ledger(row, beginning: beginning, places: places)
        var line = TimelineLine(TimelineLine.Kind(row.kind), row.at, places, what, why: why)
        line.step = TimelineLine.Step(row.step)
        line.user = row.userID.isEmpty ? nil : row.userID
        (line.holdID, line.itemID) = (row.holdID, row.itemID == 0 ? nil : row.itemID)
        line.unit = row.kind == .purchased ? row.unit : nil
        return line
    }

    // MARK: - What has no step

    private func asides() -> [TimelineLine] {
        guard let records = evidence.records else { return [] }
        let span = span
        var asides: [TimelineLine] = []
        for note in records.notes where span.map({ $0.contains(note.at) }) ?? true {
            asides.append(TimelineSentence.note(note))
        }
        for letter in records.letters where isOurs(letter) { asides.append(TimelineSentence.letter(letter)) }
        let known = Set(evidence.ledger.lazy.filter { $0.kind == .purchased }.compactMap(\.holdID))
        for (id, receipt) in records.receipts where !known.contains(id) {
            var line = TimelineLine(
                .receipt,
                receipt.at,
                [.purchases],
                "unit \(receipt.unit) is bought",
                why: "the ledger has no row of this purchase: run `flashctl verify --sale \(evidence.saleID)`"
            )
            (line.user, line.holdID, line.itemID, line.unit) = (receipt.user, id, receipt.item, receipt.unit)
            asides.append(line)
        }
        return asides.sorted { $0.at < $1.at }
    }

    private func isOurs(_ letter: SubjectRecords.Letter) -> Bool {
        if let user = evidence.subject.user { return letter.isAbout(user) }
        return evidence.subject.hold.map(letter.isAbout) ?? false
    }

    /// Puts lines that have only a time in front of the first step that is later.
    private mutating func insert(_ asides: [TimelineLine]) {
        var merged: [TimelineLine] = []
        var rest = asides[...]
        for line in lines {
            while let aside = rest.first, aside.at < line.at {
                merged.append(aside)
                rest.removeFirst()
            }
            merged.append(line)
        }
        lines = merged + rest
    }
}

extension TimelineLine.Kind {
    init(_ kind: LedgerRow.Kind) {
        switch kind {
        case .opened: self = .opened
        case .rebuilt: self = .rebuilt
        case .held: self = .held
        case .purchased: self = .purchased
        case .expired: self = .expired
        case .released: self = .released
        case .control: self = .control
        case .ban: self = .ban
        case .unban: self = .unban
        }
    }
}

extension LedgerRow {
    /// The fields of the detail, between tabs.
    var parts: [String] {
        (detail ?? "").split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
}
