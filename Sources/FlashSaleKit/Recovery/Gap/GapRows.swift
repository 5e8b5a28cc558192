/// The rows that lead from the ledger of Postgres to the state of Redis in front of the journal behind the gap. Only
/// what some store proves becomes a row.
struct GapRows: Sendable {
    private(set) var rows: [LedgerRow] = []

    private let fold: LedgerFold
    private let contents: RedisContents
    private let holdMilliseconds: Int64
    private let userLimit: Int64
    private let epoch: Int64
    private let step: Int64
    /// The latest time at which anything inside the gap was decided.
    private let boundary: Timestamp
    /// What the journal behind the gap begins and ends.
    private var begun: Set<HoldID> = []
    private var ended: [HoldID: LedgerRow] = [:]
    /// The first change of each user's ban and of each field that the journal behind the gap has.
    private var toldUsers: [UserID: LedgerRow.Kind] = [:]
    private var toldFields: [String: String] = [:]

    /// Rows of a drain that share the step have lower indexes: no batch is as large.
    static let firstIndex: Int32 = 1_000_000

    /// Nil when the ledger has no gap.
    init?(_ found: GapEvidence) {
        guard let gap = found.gaps[.ledger], let step = found.step, let contents = found.evidence.contents else {
            return nil
        }
        fold = found.recount.fold
        self.contents = contents
        (holdMilliseconds, userLimit) = (found.recount.holdMilliseconds, found.recount.userLimit)
        (epoch, self.step) = (found.epoch, step)
        let journal = found.evidence.tail?.ledger ?? []
        // Without a journal behind it: the end of the millisecond of the last entry, but not beyond the sale's clock.
        let latest = Timestamp(microseconds: Int64(clamping: gap.trimmedTo.milliseconds) * 1000 + 999)
        boundary = journal.first?.at ?? min(latest, found.clock)
        for row in journal {
            switch row.kind {
            case .held: if let id = row.holdID { begun.insert(id) }
            case .purchased, .expired, .released: if let id = row.holdID { ended[id] = row }
            case .ban, .unban: toldUsers[row.userID] = toldUsers[row.userID] ?? row.kind
            case .control:
                let parts = (row.detail ?? "").split(separator: "\t", maxSplits: 2, omittingEmptySubsequences: false)
                guard parts.count > 1 else { break }
                let field = String(parts[0])
                toldFields[field] = toldFields[field] ?? String(parts[1])
            case .opened, .rebuilt: break
            }
        }
        endHolds()
        rememberHolds()
        beginHolds()
        buyHolds()
        changeBans()
        changeControls()
    }

    private mutating func add(_ kind: LedgerRow.Kind, at: Timestamp, _ fill: (inout LedgerRow) -> Void) {
        // The first index is that of the row that says who wrote them.
        let index = GapRows.firstIndex + 1 + Int32(rows.count)
        var row = LedgerRow(entryID: .zero, epoch: epoch, seq: step, index: index, at: at, kind: kind, line: [])
        fill(&row)
        rows.append(row)
    }

    /// Open in the ledger, and nobody has them any more: their units are free, and go to others.
    private mutating func endHolds() {
        let gone = fold.open.filter { id, _ in
            contents.holds[id]?.isOpen != true && contents.receipts[id] == nil && ended[id] == nil
        }
        for (id, hold) in gone.sorted(by: { HoldID.inReportOrder($0.key, $1.key) }) {
            add(end(hold.deadline), at: boundary) { ($0.holdID, $0.userID, $0.itemID) = (id, hold.user, hold.item) }
        }
    }

    /// How a hold with this deadline has ended that nobody bought.
    private func end(_ deadline: Int64) -> LedgerRow.Kind {
        deadline <= boundary.microseconds ? .expired : .released
    }

    /// Begun and ended inside, and Redis remembers them because an Idempotency-Key had chosen their codes.
    private mutating func rememberHolds() {
        let known = contents.holds.filter { id, hold in
            !hold.isOpen && fold.remembered[id] == nil && fold.open[id] == nil && !begun.contains(id)
                && ended[id] == nil
        }
        for (id, hold) in known.sorted(by: { HoldID.inReportOrder($0.key, $1.key) }) {
            begin(id, hold.user, hold.item, deadline: hold.deadline, isKeyed: true)
            add(end(hold.deadline), at: boundary) { ($0.holdID, $0.userID, $0.itemID) = (id, hold.user, hold.item) }
        }
    }

    /// Open in Redis, bought, or ended by the journal behind the gap, and begun nowhere.
    private mutating func beginHolds() {
        var ids = Set(contents.receipts.keys).union(ended.keys)
        ids.formUnion(contents.holds.filter(\.value.isOpen).keys)
        for id in ids.sorted(by: HoldID.inReportOrder)
        where fold.open[id] == nil && fold.sold[id] == nil && !begun.contains(id) {
            if let receipt = contents.receipts[id] {
                begin(id, receipt.user, receipt.item, deadline: receipt.deadline, isKeyed: false)
            } else if let hold = contents.holds[id] {
                begin(id, hold.user, hold.item, deadline: hold.deadline, isKeyed: hold.keyed != UInt8(ascii: "0"))
            } else if let row = ended[id] {
                begin(id, row.userID, row.itemID, deadline: deadline(endedBy: row), isKeyed: false)
            }
        }
    }

    /// A deadline that agrees with how the hold has ended: nobody knows the real one.
    private func deadline(endedBy row: LedgerRow) -> Int64 {
        if row.kind == .expired { return row.at.microseconds }
        return max(boundary.adding(milliseconds: holdMilliseconds).microseconds, row.at.microseconds + 1)
    }

    private mutating func begin(_ id: HoldID, _ user: UserID, _ item: Int64, deadline: Int64, isKeyed: Bool) {
        let deadline = Timestamp(microseconds: deadline)
        add(.held, at: min(boundary, deadline.adding(milliseconds: -holdMilliseconds))) { row in
            (row.holdID, row.userID, row.itemID) = (id, user, item)
            (row.deadline, row.detail) = (deadline, isKeyed ? "1" : "0")
        }
    }

    /// Receipts are proof: nothing else hands out a unit.
    private mutating func buyHolds() {
        let bought = contents.receipts.filter { id, _ in fold.sold[id] == nil && ended[id] == nil }
        for (id, receipt) in bought.sorted(by: { ($0.value.unit, $0.key.high) < ($1.value.unit, $1.key.high) }) {
            add(.purchased, at: Timestamp(microseconds: receipt.time)) { row in
                (row.holdID, row.userID, row.itemID) = (id, receipt.user, receipt.item)
                (row.unit, row.userSlot, row.detail) = (receipt.unit, receipt.slot, receipt.ticket)
            }
        }
    }

    /// Who asked for a change inside the gap is lost with it.
    private static let nobodyKnown = "unknown"

    /// A change is only ever recorded of what was otherwise before: a user whom the journal behind the gap bans was not
    /// banned at its begin, whatever the ledger says, and one whom it unbans was.
    private mutating func changeBans() {
        for user in Set(fold.bans.keys).union(contents.banned.keys).union(toldUsers.keys).sorted() {
            let isBanned =
                switch toldUsers[user] {
                case .ban: false
                case .unban: true
                default: contents.banned[user] != nil
                }
            let reason = toldUsers[user] == nil ? contents.banned[user] : nil
            let isTold = toldUsers[user] != nil
            guard isTold ? isBanned != (fold.bans[user] != nil) : reason != fold.bans[user] else { continue }
            add(isBanned ? .ban : .unban, at: boundary) { row in
                row.userID = user
                row.detail = "\(reason ?? "a gap of the journal")\t\(GapRows.nobodyKnown)"
            }
        }
    }

    private mutating func changeControls() {
        let known = [
            ("checkout_paused", "0"), ("purchase_paused", "0"), ("limit", String(userLimit)),
            ("state", SaleState.open.rawValue),
        ]
        for (field, beginning) in known {
            let before = fold.controls[field] ?? beginning
            guard let value = valueBehindTheGap(of: field, before: before), value != before else { continue }
            add(.control, at: boundary) { row in
                row.detail = "\(field)\t\(value)\t\(GapRows.nobodyKnown)\ta gap of the journal"
            }
        }
    }

    /// What a field was at the end of the gap. If the journal behind it pauses what the ledger has as paused, it was
    /// resumed in between; a limit only falls, and a sale ends once, so their first change there tells nothing more.
    private func valueBehindTheGap(of field: String, before: String) -> String? {
        guard let told = toldFields[field] else { return contents.sale[field] }
        guard field.hasSuffix("_paused"), told == before else { return nil }
        return told == "1" ? "0" : "1"
    }
}
