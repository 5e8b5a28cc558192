/// The state of a sale as its ledger tells it: first what Postgres has, then what is still in the journal. This fold is
/// the recount's own; it shares nothing with the one that rebuilds a sale.
struct LedgerFold: Sendable {
    /// A hold that began.
    struct Hold: Sendable, Equatable {
        var user: UserID
        var item: Int64
        /// Microseconds.
        var deadline: Int64
        var keyed: Bool
        var epoch: Int64
    }

    /// A purchase.
    struct Sold: Sendable, Equatable {
        var unit: Int64
        var slot: Int64
        var user: UserID
        var item: Int64
        var ticket: String
        /// Microseconds.
        var time: Int64
        /// That of the hold; nil when the ledger does not have its beginning.
        var deadline: Int64?
        var holdEpoch: Int64
    }

    var open: [HoldID: Hold] = [:]
    var sold: [HoldID: Sold] = [:]
    /// Ended holds whose code an Idempotency-Key had chosen: Redis goes on answering them.
    var remembered: [HoldID: Hold] = [:]
    var begun = 0
    var lapsed = 0
    var released = 0
    var bans: [UserID: String] = [:]
    /// Fields of the sale that operators have changed, by their last value.
    var controls: [String: String] = [:]
    var highestSeq: Int64 = 0
    var latest: Int64 = 0
    /// Rows that do not follow from those before them, as sentences.
    var contradictions: [(sentence: String, hold: HoldID?, user: UserID?)] = []

    /// Applies one line of the journal that Postgres does not have yet.
    mutating func apply(_ row: LedgerRow) {
        highestSeq = max(highestSeq, row.seq)
        latest = max(latest, row.at.microseconds)
        switch row.kind {
        case .held: begin(row)
        case .purchased: buy(row)
        case .expired, .released: end(row)
        case .ban: bans[row.userID] = LedgerFold.reason(row.detail ?? "")
        case .unban: bans[row.userID] = nil
        case .control: control(row.detail ?? "")
        case .opened, .rebuilt: break
        }
    }

    /// The reason in the text of a ban: reason, who.
    static func reason(_ detail: String) -> String {
        String(detail.prefix { $0 != "\t" })
    }

    /// Applies the text of a control row: field, value, who, why.
    mutating func control(_ detail: String) {
        let parts = detail.split(separator: "\t", omittingEmptySubsequences: false)
        guard parts.count >= 2 else { return }
        controls[String(parts[0])] = String(parts[1])
    }

    private mutating func begin(_ row: LedgerRow) {
        guard let id = row.holdID else { return }
        if open[id] != nil || sold[id] != nil || remembered[id] != nil {
            contradict("hold \(id) of user '\(row.userID)' begins again at step \(row.seq) of the journal", id, row)
        }
        begun += 1
        open[id] = Hold(
            user: row.userID,
            item: row.itemID,
            deadline: row.deadline?.microseconds ?? 0,
            keyed: row.detail == "1",
            epoch: row.epoch
        )
    }

    private mutating func buy(_ row: LedgerRow) {
        guard let id = row.holdID else { return }
        let hold = take(id, row)
        sold[id] = Sold(
            unit: row.unit,
            slot: row.userSlot,
            user: row.userID,
            item: row.itemID,
            ticket: row.detail ?? "",
            time: row.at.microseconds,
            deadline: hold?.deadline,
            holdEpoch: hold?.epoch ?? 0
        )
    }

    private mutating func end(_ row: LedgerRow) {
        guard let id = row.holdID else { return }
        if row.kind == .expired { lapsed += 1 } else { released += 1 }
        if let hold = take(id, row), hold.keyed { remembered[id] = hold }
    }

    /// The open hold that a row ends.
    private mutating func take(_ id: HoldID, _ row: LedgerRow) -> Hold? {
        guard let hold = open.removeValue(forKey: id) else {
            contradict("hold \(id) is \(row.kind.rawValue) at step \(row.seq) of the journal but is not open", id, row)
            return nil
        }
        if hold.user != row.userID || hold.item != row.itemID {
            contradict("hold \(id) of user '\(hold.user)' is \(row.kind.rawValue) by '\(row.userID)'", id, row)
        }
        return hold
    }

    private mutating func contradict(_ sentence: String, _ hold: HoldID, _ row: LedgerRow) {
        contradictions.append((sentence, hold, row.userID))
    }

    /// Units that users hold or have bought, and those bought, by user.
    func unitsByUser() -> (all: [UserID: Int64], bought: [UserID: Int64]) {
        var all: [UserID: Int64] = [:]
        var bought: [UserID: Int64] = [:]
        for hold in open.values { all[hold.user, default: 0] += 1 }
        for receipt in sold.values {
            all[receipt.user, default: 0] += 1
            bought[receipt.user, default: 0] += 1
        }
        return (all, bought)
    }
}
