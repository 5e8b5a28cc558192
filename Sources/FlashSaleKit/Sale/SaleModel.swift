/// The rules of a sale in pure Swift, written independently of the scripts in Redis. Random operations are run against
/// both, and a journal can be replayed against it.
///
/// Nothing here is counted twice: what is free, held and sold follows from the holds and receipts themselves.
public struct SaleModel: Sendable {
    /// Redis time this far ahead of the sale's clock must be confirmed, in microseconds.
    static let largestJump: Int64 = 10_000_000
    /// How far Redis time may be ahead of the time that was confirmed, in microseconds.
    static let confirmedFor: Int64 = 2_000_000
    /// Most lapsed holds that a checkout gives back.
    static let mostLapsed = 1000
    /// How long a settled hold is remembered, in milliseconds.
    static let settledFor: Int64 = 1_000_000
    /// Most settled holds that are remembered.
    static let mostSettled = 10_000

    /// A hold, open or ended.
    public struct Hold: Sendable, Equatable {
        /// The user.
        public var user: UserID
        /// The item.
        public var itemID: Int64
        /// From this instant on it cannot be bought.
        public var deadline: Timestamp
        /// Whether an `Idempotency-Key` chose its code: then it is remembered after its end.
        public var keyed: Bool
    }

    /// A purchase.
    public struct Receipt: Sendable, Equatable {
        /// Number of the unit, from 1.
        public var unit: Int
        /// The how manyth unit of the user it is, from 1.
        public var slot: Int
        /// The hold that was bought.
        public var hold: Hold
        /// Lottery ticket, or empty.
        public var ticket: String
        /// When it was bought.
        public var purchasedAt: Timestamp
    }

    /// Units for sale.
    public let stock: Int
    /// How long a hold lasts, in milliseconds.
    public let holdMilliseconds: Int64
    /// First instant at which the sale sells.
    public let opensAt: Timestamp
    /// First instant at which it no longer does.
    public let closesAt: Timestamp
    /// The epoch under which it is written.
    public let epoch: Int64
    /// Units that a user may hold and buy together.
    public internal(set) var limit: Int
    /// Whether checkouts are paused.
    public internal(set) var checkoutPaused = false
    /// Whether purchases are paused.
    public internal(set) var purchasePaused = false
    /// Whether the sale was finished.
    public internal(set) var finished = false
    /// Number of the last step on the journal.
    public internal(set) var sequence: Int64
    /// The latest time that the sale has used.
    public internal(set) var clock: Timestamp
    /// Holds that can be bought, or have lapsed and were not given back yet.
    public internal(set) var openHolds: [HoldID: Hold] = [:]
    /// Ended holds whose code an `Idempotency-Key` chose.
    public internal(set) var tombstones: [HoldID: Hold] = [:]
    /// Holds for which no unit is taken any more, by when that is forgotten.
    public internal(set) var settled: [HoldID: Timestamp] = [:]
    /// Purchases.
    public internal(set) var receipts: [HoldID: Receipt] = [:]
    /// Reason by banned user.
    public internal(set) var banned: [UserID: String] = [:]
    /// User → units held and sold; no zeros.
    public internal(set) var unitsOfUser: [UserID: Int] = [:]
    /// User → units sold; no zeros.
    public internal(set) var soldOfUser: [UserID: Int] = [:]
    /// Everything that went on the journal since ``takeRecords()``.
    public internal(set) var records: [Record] = []

    /// A sale that has just been opened: its opening was step 1.
    public init(terms: SaleTerms, epoch: Int64, clock: Timestamp) {
        precondition(terms.validate().isEmpty, "the terms are valid")
        stock = terms.stock
        limit = terms.userLimit
        holdMilliseconds = terms.holdMilliseconds
        opensAt = terms.opensAt
        closesAt = terms.closesAt
        self.epoch = epoch
        self.clock = clock
        sequence = 1
        records = [.opened(sequence: 1, at: clock, stock: stock, free: stock, held: 0, sold: 0)]
    }

    /// Units that are held.
    public var held: Int { openHolds.count }
    /// Units that are sold.
    public var sold: Int { receipts.count }
    /// Units that can be held now.
    public var free: Int { stock - held - sold }

    /// The records so far; they are forgotten.
    public mutating func takeRecords() -> [Record] {
        defer { records = [] }
        return records
    }

    /// Sets the clock of the sale, which never goes back.
    public mutating func advanceClock(to time: Timestamp) {
        clock = max(clock, time)
    }

    /// One sentence for each promise that does not hold; empty unless the rules are wrong.
    public func brokenPromises() -> [String] {
        var broken: [String] = []
        if free < 0 { broken.append("\(sold) sold and \(held) held of \(stock)") }
        var units: [UserID: Int] = [:]
        for hold in openHolds.values { units[hold.user, default: 0] += 1 }
        for receipt in receipts.values { units[receipt.hold.user, default: 0] += 1 }
        if units != unitsOfUser { broken.append("the users' units are not their holds and receipts") }
        if receipts.values.map(\.unit).sorted() != Array(1..<sold + 1) {
            broken.append("the units sold are not 1 to \(sold)")
        }
        return broken
    }

    /// What the time says: nil to go on at `now`, or the refusal. Writes nothing.
    func entrance(_ time: Timestamp, _ confirmed: Timestamp?) -> (now: Timestamp, refusal: ScriptStatus?) {
        if time.microseconds > clock.microseconds + SaleModel.largestJump {
            let confirmedUntil = confirmed.map { $0.microseconds + SaleModel.confirmedFor }
            if confirmedUntil.map({ time.microseconds <= $0 }) != true { return (time, .clockJumped) }
        }
        return (max(time, clock), nil)
    }

    /// Holds that have lapsed, in the order in which they are given back.
    func lapsed(_ now: Timestamp) -> [(HoldID, Hold)] {
        openHolds.filter { $0.value.deadline <= now }
            .map { ($0.key, $0.value) }
            .sorted { left, right in
                if left.1.deadline != right.1.deadline { return left.1.deadline < right.1.deadline }
                return (left.0.high, left.0.low) < (right.0.high, right.0.low)
            }
    }

    /// Ends holds; nothing goes on the journal when there are none.
    mutating func end(_ holds: [(index: Int, id: HoldID, hold: Hold)], as kind: Record.End, at now: Timestamp) {
        guard !holds.isEmpty else { return }
        sequence += 1
        for (index, id, hold) in holds {
            openHolds[id] = nil
            if hold.keyed { tombstones[id] = hold }
            let left = unitsOfUser[hold.user, default: 0] - 1
            unitsOfUser[hold.user] = left == 0 ? nil : left
            records.append(
                .ended(
                    kind,
                    sequence: sequence,
                    at: now,
                    index: index,
                    holdID: id,
                    user: hold.user,
                    itemID: hold.itemID
                )
            )
        }
    }

    /// Ends lapsed holds.
    mutating func expire(_ holds: some Sequence<(HoldID, Hold)>, at now: Timestamp) {
        end(holds.enumerated().map { ($0.offset, $0.element.0, $0.element.1) }, as: .expired, at: now)
    }
}
