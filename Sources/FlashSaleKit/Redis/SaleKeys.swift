/// The ten keys of a sale in Redis, in the order in which every script expects them.
///
/// The sale id is the hash tag, so that all keys of a sale live in one slot of a cluster.
public struct SaleKeys: Hashable, Sendable {
    /// The sale they belong to.
    public let saleID: SaleID

    /// The keys of this sale.
    public init(_ saleID: SaleID) {
        self.saleID = saleID
    }

    /// Hash: terms, counters, state, epoch and clock.
    public var sale: String { name("sale") }
    /// Hash: user → held + sold.
    public var users: String { name("users") }
    /// Hash: user → sold.
    public var bought: String { name("bought") }
    /// Hash: user → reason of the ban.
    public var banned: String { name("banned") }
    /// Hash: hold id → user, item, deadline, keyed.
    public var holds: String { name("holds") }
    /// Sorted set: hold id by deadline in microseconds.
    public var deadlines: String { name("deadlines") }
    /// Hash: hold id → unit, slot, user, item, ticket, time, deadline.
    public var receipts: String { name("receipts") }
    /// Stream: every change of state.
    public var ledger: String { name("ledger") }
    /// Stream: every decided checkout, packed per batch.
    public var attempts: String { name("attempts") }
    /// Sorted set: hold ids for which no unit may be taken any more, by the time in microseconds at which that is
    /// forgotten; missing while there are none. The only key without a sentinel: a new epoch needs none of them.
    public var settled: String { name("settled") }

    /// Number of keys.
    public static let count = 10

    /// All of them, in the order of the scripts.
    public var all: [String] {
        [sale, users, bought, banned, holds, deadlines, receipts, ledger, attempts, settled]
    }

    /// The sale whose key this is; nil when it is none.
    static func sale(ofKey key: String) -> SaleID? {
        guard let open = key.firstIndex(of: "{"), let close = key.firstIndex(of: "}"), open < close else { return nil }
        return SaleID(key[key.index(after: open)..<close])
    }

    private func name(_ part: String) -> String { "fs:{\(saleID.rawValue)}:\(part)" }
}
