/// What one turn of a drain did.
public struct DrainResult: Sendable, Equatable {
    /// Entries of the stream that are now in Postgres.
    public var entries = 0
    /// Rows that they became.
    public var rows = 0
    /// Rows that went to `dead_letter` instead; each one is an alarm.
    public var deadLetters = 0
    /// Where the stream has been read to; nil when the cursor was held elsewhere all the time.
    public var lastID: StreamID?
    /// Purchases that this turn committed; they may be answered 200 now.
    public var purchases: [CommittedPurchase] = []
    /// Holds among the rows that lapsed and gave their units back.
    public var expired = 0
    /// Holds among the rows that their buyers gave back.
    public var released = 0
    /// How long the transaction took, from its first statement to the confirmed commit; zero when nothing was written.
    public var commitTime = Duration.zero
    /// Another drainer holds the cursor.
    public var busy = false
    /// There may be more to read at once.
    public var more = false

    /// A turn that did nothing.
    public init() {}

    init(rows: Int, deadLetters: Int, purchases: [CommittedPurchase] = []) {
        self.rows = rows
        self.deadLetters = deadLetters
        self.purchases = purchases
    }
}

/// A committed row of `purchases`: all that a receipt says, besides the name and the image of its sale.
public struct CommittedPurchase: Sendable, Equatable {
    /// The hold that was bought.
    public let holdID: HoldID
    /// Its sale.
    public let saleID: SaleID
    /// Number of the unit, 1…stock.
    public let unit: Int
    /// The item the buyer asked for.
    public let itemID: Int64
    /// The lottery ticket, empty when none was won.
    public let ticket: String
    /// When Redis decided the purchase.
    public let purchasedAt: Timestamp

    /// A purchase of these values.
    public init(
        holdID: HoldID,
        saleID: SaleID,
        unit: Int,
        itemID: Int64,
        ticket: String,
        purchasedAt: Timestamp
    ) {
        self.holdID = holdID
        self.saleID = saleID
        self.unit = unit
        self.itemID = itemID
        self.ticket = ticket
        self.purchasedAt = purchasedAt
    }
}

/// How much a drain takes at once, and how far behind it trims.
public struct DrainLimits: Sendable, Equatable {
    /// Most entries in one transaction.
    public var entries = 200
    /// Most bytes of entries in one transaction; one entry is always taken.
    public var bytes = 4 << 20
    /// Drained entries younger than this stay in Redis, in milliseconds…
    public var keepMilliseconds: UInt64 = 120_000
    /// …or only so long while the memory of Redis is short…
    public var keepWhenShortMilliseconds: UInt64 = 10_000
    /// …unless they are more than this many bytes.
    public var keepBytes = 256 << 20
    /// Most entries removed by one call: 1,000 of 50 kB stop Redis for 7 ms.
    public var trimEntries = 500
    /// Bytes of removed entries after which one call ends.
    public var trimBytes = 8 << 20
    /// The cursor and the standing of Postgres are read again after this time, in milliseconds, whether or not there is
    /// anything to drain; a stream is trimmed only in such a turn.
    public var lookEveryMilliseconds: Int64 = 1000

    /// The limits of production.
    public init() {}

    /// Those of the ledger. A row costs Postgres 16 us there (four indexes and a foreign key, measured), twenty times
    /// what an attempt costs; a purchase must not wait behind more than some thousand holds.
    public static let ledger: DrainLimits = {
        var limits = DrainLimits()
        limits.bytes = 256 << 10
        return limits
    }()
}
