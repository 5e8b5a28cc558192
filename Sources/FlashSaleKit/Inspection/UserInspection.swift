/// How a user stands in a sale.
public struct UserInspection: Sendable, Equatable {
    /// A unit that waits for its payment.
    public struct Hold: Sendable, Equatable {
        /// The name under which the stores know its code.
        public var id: HoldID
        /// The item that was asked for.
        public var itemID: Int64
        /// As Redis has it: a rebuild may have given the hold more time.
        public var deadline: Timestamp
        /// Whether an Idempotency-Key chose its code.
        public var keyed: Bool
        /// Where its beginning is recorded.
        public var place: RecordPlace
    }

    /// A unit that was sold.
    public struct Purchase: Sendable, Equatable {
        /// Its number, 1…stock.
        public var unit: Int64
        /// Number among the units of the user, from 1.
        public var userSlot: Int64
        /// The item that was asked for.
        public var itemID: Int64
        /// The hold that became it.
        public var holdID: HoldID
        /// Empty without a lottery ticket.
        public var ticket: String
        /// When it was decided.
        public var at: Timestamp
        /// Whether its receipt is in Postgres.
        public var isCommitted: Bool
    }

    /// A decided checkout.
    public struct Attempt: Sendable, Equatable {
        /// When it was decided.
        public var at: Timestamp
        /// Place in the order of the sale.
        public var step: TimelineLine.Step
        /// Nil when the letter is unknown to this version.
        public var outcome: Outcome?
        /// The item that was asked for.
        public var itemID: Int64
        /// Where it is recorded.
        public var place: RecordPlace
    }

    /// Why the user may not check out.
    public struct Ban: Sendable, Equatable {
        /// What the operator gave as the reason.
        public var reason: String
        /// Nil when the ledger was not read.
        public var who: String?
        /// Since when; nil when the ledger was not read.
        public var at: Timestamp?
    }

    /// The sale.
    public var saleID: SaleID
    /// The user.
    public var user: UserID
    /// When it was read, by the clock of the store that judges holds.
    public var at: Timestamp
    /// The terms; nil while Postgres is away.
    public var sale: Sale?
    /// Open holds, the first to end first.
    public var holds: [Hold] = []
    /// Bought units in the order of their numbers.
    public var purchases: [Purchase] = []
    /// Nil when the user is not banned.
    public var ban: Ban?
    /// Limit in force.
    public var limit: Int64 = 0
    /// The newest attempts, the latest first.
    public var attempts: [Attempt] = []
    /// All attempts on record and in the journal.
    public var outcomes: [Outcome: Int] = [:]
    /// Holds that lapsed.
    public var expired = 0
    /// Holds that were given back.
    public var released = 0
    /// Whether Redis and Postgres say the same.
    public var agreement: StoreAgreement
    /// Units held and bought together as Redis counts them; only set while Postgres is away.
    public private(set) var redisUnits: Int64?
    /// Units bought as Redis counts them; only set while Postgres is away.
    public private(set) var redisBought: Int64?

    /// Units that the user holds.
    public var held: Int { holds.count }
    /// Units that the user has bought.
    public var sold: Int { purchases.count }
    /// Units that the user may still get.
    public var quotaLeft: Int64 { max(0, limit - Int64(held) - Int64(sold)) }
    /// Whether the user has ever checked out in this sale; a ban needs no checkout.
    public var hasCheckedOut: Bool {
        !holds.isEmpty || !purchases.isEmpty || outcomes.values.contains { $0 > 0 } || expired > 0 || released > 0
    }
    /// Whether anything is known of the user in this sale.
    public var hasTrace: Bool {
        hasCheckedOut || ban != nil || agreement.agrees == false
    }

    init(_ user: UserID, _ evidence: SubjectEvidence, attempts most: Int) {
        self.user = user
        saleID = evidence.saleID
        at = evidence.now ?? Timestamp(microseconds: 0)
        sale = evidence.records?.sale
        agreement = evidence.agreement
        let contents = evidence.contents
        let limits = evidence.records.map {
            $0.recount.fold.controls["limit"].flatMap { Int64($0) } ?? $0.recount.userLimit
        }
        limit = contents?.number("limit") ?? limits ?? 0
        takeLedger(evidence)
        takeAttempts(evidence, most)
        // What Redis alone knows, while Postgres is away: holds and receipts that the journal has named.
        if evidence.records == nil, let contents { take(contents) }
        if let reason = contents?.banned[user], ban == nil { ban = Ban(reason: reason) }
    }

    private mutating func takeLedger(_ evidence: SubjectEvidence) {
        let late = Set((evidence.journal?.ledger ?? []).map(\.step))
        let drained = Set((evidence.records?.ledger ?? []).map(\.step))
        for row in evidence.ledger {
            guard row.kind != .ban else {
                let parts = row.parts
                ban = Ban(reason: parts.first ?? "", who: parts.count > 1 ? parts[1] : nil, at: row.at)
                continue
            }
            if row.kind == .unban { ban = nil }
            guard let id = row.holdID else { continue }
            let beginning = holds.firstIndex { $0.id == id }
            if row.kind == .held {
                let place: RecordPlace = late.contains(row.step) && !drained.contains(row.step) ? .journal : .ledger
                let known = evidence.contents?.holds[id].map { Timestamp(microseconds: $0.deadline) }
                let deadline = known ?? row.deadline ?? row.at
                holds.append(
                    Hold(id: id, itemID: row.itemID, deadline: deadline, keyed: row.detail == "1", place: place)
                )
            } else if let beginning {
                holds.remove(at: beginning)
            }
            if row.kind == .expired { expired += 1 }
            if row.kind == .released { released += 1 }
            if row.kind == .purchased { add(row, id, evidence) }
        }
        holds.sort { $0.deadline < $1.deadline }
        purchases.sort { $0.unit < $1.unit }
    }

    private mutating func add(_ row: LedgerRow, _ id: HoldID, _ evidence: SubjectEvidence) {
        purchases.append(
            Purchase(
                unit: row.unit,
                userSlot: row.userSlot,
                itemID: row.itemID,
                holdID: id,
                ticket: row.detail ?? "",
                at: row.at,
                isCommitted: evidence.records?.receipts[id] != nil
            )
        )
    }

    private mutating func takeAttempts(_ evidence: SubjectEvidence, _ most: Int) {
        let recorded = evidence.records?.attempts ?? []
        let known = Set(recorded.map(\.step))
        let late = (evidence.journal?.attempts ?? []).filter { !known.contains($0.step) }
        outcomes = evidence.records?.outcomes ?? [:]
        for attempt in late {
            if let outcome = Outcome(rawValue: attempt.letter) { outcomes[outcome, default: 0] += 1 }
        }
        let all = recorded.map { Attempt($0, .attempts) } + late.map { Attempt($0, .journal) }
        attempts = Array(all.sorted { $0.step > $1.step }.prefix(most))
    }

    private mutating func take(_ contents: RedisContents) {
        let open = contents.holds.filter { $0.value.isOpen && $0.value.user == user }
        holds = open.map { id, hold in
            let deadline = Timestamp(microseconds: hold.deadline)
            return Hold(id: id, itemID: hold.item, deadline: deadline, keyed: hold.keyed == 0x31, place: .redis)
        }.sorted { $0.deadline < $1.deadline }
        for (id, receipt) in contents.receipts
        where receipt.user == user && !purchases.contains(where: { $0.holdID == id }) {
            purchases.append(
                Purchase(
                    unit: receipt.unit,
                    userSlot: receipt.slot,
                    itemID: receipt.item,
                    holdID: id,
                    ticket: receipt.ticket,
                    at: Timestamp(microseconds: receipt.time),
                    isCommitted: false
                )
            )
        }
        redisUnits = contents.users[user]
        redisBought = contents.bought[user]
    }
}

extension UserInspection.Attempt {
    init(_ attempt: SubjectRecords.Attempt, _ place: RecordPlace) {
        self.init(
            at: attempt.at,
            step: TimelineLine.Step(attempt.step),
            outcome: Outcome(rawValue: attempt.letter),
            itemID: attempt.item,
            place: place
        )
    }
}
