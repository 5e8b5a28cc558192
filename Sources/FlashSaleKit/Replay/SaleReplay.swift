/// Plays the records of one sale in their total order through the rules, up to the first that they do not give.
///
/// Memory holds what is open and sold, whatever the number of records.
struct SaleReplay {
    /// How the next record is looked at.
    enum Mode: Equatable {
        /// Judged by the rules.
        case judging
        /// Counted: a divergence was found.
        case counting
        /// Counted apart: from here on the other stream may still be in the journal.
        case waiting
    }

    let sale: Sale
    let facts: ReplayFacts
    var model: SaleModel
    var mode = Mode.judging
    var totals = ReplayTotals()
    /// What stands above the last step that both streams have.
    var waiting = ReplayTotals()
    var divergence: ReplayDivergence?
    /// The last record that was judged.
    var last = RecordPosition(epoch: 0, seq: 0, index: -1)
    var watch = LapseWatch()
    /// Holds that a rebuild has given more time: their recorded deadline is what they have at least.
    var earliest: [HoldID: Timestamp] = [:]
    /// Keyed holds that ended without a purchase: a rebuild reads them, and so takes longer.
    var rememberedHolds = 0
    /// The step that a reconciliation wrote last.
    var reconciled: RecordPosition?
    /// The step and number of the last expiries.
    var expiries = (seq: Int64(0), count: 0)
    /// Ends that stand in front of their beginning, because a reconciliation has written that.
    var endedBefore: Set<HoldID> = []
    /// Rows that came through the drains.
    var drainedRows: [JournalStream: Int64] = [:]

    init(_ sale: Sale, _ facts: ReplayFacts) {
        self.sale = sale
        self.facts = facts
        model = SaleModel(unopened: sale.terms, epoch: sale.epoch ?? 0, clock: Timestamp(microseconds: 0))
    }

    /// Whether this step was written by a reconciliation: there a person has decided, and not the rules.
    func isReconciled(_ place: RecordPosition) -> Bool { reconciled?.isSameStep(as: place) == true }

    /// Whether the sums at this place were put right by a reconciliation further on.
    func isBeforeReconciliation(_ place: RecordPosition) -> Bool { place.seq <= facts.notes.lastStep }

    mutating func take(_ entry: SaleRecordReader.Entry) {
        switch entry {
        case .attempt(let attempt, let hold):
            if mode == .judging { judge(attempt, hold) }
            count(attempt)
            if let hold { count(hold) }
        case .ledger(let row):
            if row.kind == .reconciled { reconciled = row.place }
            if mode == .judging { judge(row) }
            count(row)
        }
    }

    private mutating func count(_ attempt: AttemptRow) {
        if !isReconciled(attempt.place) { drainedRows[.attempts, default: 0] += 1 }
        count { totals in
            if let outcome = attempt.outcome {
                totals.outcomes[outcome, default: 0] += 1
            } else {
                totals.unknownOutcomes += 1
            }
        }
    }

    private mutating func count(_ row: LedgerRecord) {
        if !isReconciled(row.place) { drainedRows[.ledger, default: 0] += 1 }
        count { $0.kinds[row.kind?.rawValue ?? "unknown", default: 0] += 1 }
    }

    private mutating func count(_ body: (inout ReplayTotals) -> Void) {
        if mode == .waiting { body(&waiting) } else { body(&totals) }
    }

    /// Goes on to a record: steps must follow each other without a gap, and their times must not go back. False when
    /// the record is not to be judged any more.
    mutating func enter(
        _ place: RecordPosition,
        _ table: ReplayDivergence.Table,
        at time: Timestamp,
        user: @autoclosure () -> UserID
    ) -> Bool {
        guard !place.isSameStep(as: last) else {
            if place.index == last.index {
                diverge(table, place, user(), "a second record", "one", "each record has a place of its own")
                return false
            }
            last = place
            guard time == model.clock || isReconciled(place) || isBeforeReconciliation(place) else {
                let why = "its step was decided at one time"
                diverge(table, place, user(), "the time \(time.precise)", model.clock.precise, why)
                return false
            }
            return true
        }
        guard place.seq > last.seq else {
            let why = "step \(last.seq) was decided before"
            diverge(table, place, user(), "step \(place.seq)", "a step above \(last.seq)", why)
            return false
        }
        for missing in last.seq + 1..<place.seq {
            if facts.explainsGap(missing) {
                totals.lostSteps += 1
            } else if missing > min(facts.drained(.ledger), facts.drained(.attempts)) {
                mode = .waiting
                return false
            } else {
                let gap = RecordPosition(epoch: place.epoch, seq: missing, index: 0)
                diverge(.records, gap, nil, "nothing", "a record", "step \(place.seq) follows, and none is left out")
                return false
            }
        }
        totals.steps += 1
        last = place
        if isReconciled(place) { return true }
        guard time >= model.clock else {
            let why = "the sale was at \(model.clock.precise) before"
            diverge(table, place, user(), "the time \(time.precise)", "a later time", why)
            return false
        }
        model.advanceClock(to: time)
        return true
    }

    mutating func diverge(
        _ table: ReplayDivergence.Table,
        _ place: RecordPosition?,
        _ user: UserID?,
        _ recorded: String,
        _ expected: String,
        _ why: String,
        hold: HoldID? = nil
    ) {
        guard divergence == nil else { return }
        if mode == .judging { mode = .counting }
        divergence = ReplayDivergence(
            sale: sale.id,
            table: table,
            place: place,
            user: user,
            holdID: hold,
            recorded: recorded,
            expected: expected,
            why: why,
            free: model.free,
            held: model.held,
            sold: model.sold,
            unitsOfUser: user.map { model.unitsOfUser[$0, default: 0] }
        )
    }
}
