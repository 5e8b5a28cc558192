/// The calls that open a new sale, or open a sale again after a recovery. All of them refuse with
/// ``ScriptStatus/wrongEpoch`` unless the sale is `recovering` at exactly their epoch.
public enum RestoreCall {
    /// What the script says.
    public typealias Reply = ScriptAnswer<Outcome>

    /// What became of a step.
    public enum Outcome: Sendable, Equatable {
        /// It is done.
        case done
        /// Nothing was written; one sentence why.
        case refused(String)
    }

    /// Most lines of one chunk.
    public static let maximumLines = 1000

    /// The state of a sale before its holds, receipts and bans.
    public struct Begin: Sendable, Equatable {
        /// Units for sale.
        public var stock: Int
        /// The limit per user as lowered last.
        public var limit: Int
        /// How long a hold lasts, in milliseconds.
        public var holdMilliseconds: Int64
        /// First instant at which the sale sells.
        public var opensAt: Timestamp
        /// First instant at which it no longer does.
        public var closesAt: Timestamp
        /// Whether checkouts are paused.
        public var checkoutPaused: Bool
        /// Whether purchases are paused.
        public var purchasePaused: Bool
        /// Whether the sale is over for good.
        public var isFinished: Bool
        /// Highest `seq` of both tables in Postgres; 0 for a new sale.
        public var sequence: Int64
        /// Lowest value of the clock: Postgres `now()`, or the latest time on record if that is later.
        public var clockFloor: Timestamp
        /// Ids above which the streams begin: the cursors, `0-0` for a new sale.
        public var ledgerFloor: String
        /// See `ledgerFloor`.
        public var attemptsFloor: String
        /// Id of the installation.
        public var installation: String
        /// The lineage of the Postgres that begins the keys; it must be the one that the fence has written.
        public var lineage: Lineage

        /// The state of a new sale.
        public init(terms: SaleTerms, clockFloor: Timestamp, installation: String, lineage: Lineage) {
            stock = terms.stock
            limit = terms.userLimit
            holdMilliseconds = terms.holdMilliseconds
            opensAt = terms.opensAt
            closesAt = terms.closesAt
            checkoutPaused = false
            purchasePaused = false
            isFinished = false
            sequence = 0
            self.clockFloor = clockFloor
            ledgerFloor = "0-0"
            attemptsFloor = "0-0"
            self.installation = installation
            self.lineage = lineage
        }
    }

    /// Why the sale opens.
    public enum Kind: String, Sendable {
        case opened, rebuilt
    }

    /// Keeps the keys as they are, if they are whole and carry the sentinels of `keysEpoch`
    /// (``FenceCall/Fenced/keysEpoch``), and opens the sale, unless it was finished before. Writes nothing when
    /// they are damaged.
    public static func adopt(keys: SaleKeys, epoch: Int64, keysEpoch: Int64) -> RedisCommand {
        command(keys, epoch, ["adopt", String(keysEpoch)])
    }

    /// Throws the keys away and begins again; streams begin above the given ids.
    public static func begin(keys: SaleKeys, epoch: Int64, _ begin: Begin) -> RedisCommand {
        command(
            keys,
            epoch,
            [
                "begin", String(begin.stock), String(begin.limit), String(begin.holdMilliseconds),
                String(begin.opensAt.microseconds), String(begin.closesAt.microseconds),
                begin.checkoutPaused ? "1" : "0", begin.purchasePaused ? "1" : "0", begin.isFinished ? "1" : "0",
                String(begin.sequence), String(begin.clockFloor.microseconds), begin.ledgerFloor, begin.attemptsFloor,
                begin.installation, begin.lineage.description,
            ]
        )
    }

    /// Adds at most ``maximumLines`` holds; one that is there already changes nothing.
    public static func holds(keys: SaleKeys, epoch: Int64, _ holds: [RestoredHold]) -> RedisCommand {
        command(keys, epoch, ["holds", lines(holds.map(\.fields))])
    }

    /// Adds at most ``maximumLines`` receipts; one that is there already changes nothing.
    public static func receipts(keys: SaleKeys, epoch: Int64, _ receipts: [RestoredReceipt]) -> RedisCommand {
        command(keys, epoch, ["receipts", lines(receipts.map(\.fields))])
    }

    /// Adds at most ``maximumLines`` bans.
    public static func bans(keys: SaleKeys, epoch: Int64, _ bans: [(user: UserID, reason: String)]) -> RedisCommand {
        command(keys, epoch, ["bans", lines(bans.map { [$0.user.text, $0.reason] })])
    }

    /// Opens the sale if `free + held + sold = stock` and exactly `sold` units, numbered without a gap, are sold.
    ///
    /// - Parameter confirmed: Postgres `now()`; without it a clock that is more than ten seconds ahead stays where
    ///   it is.
    public static func open(
        keys: SaleKeys,
        epoch: Int64,
        kind: Kind,
        sold: Int,
        confirmed: Timestamp? = nil
    ) -> RedisCommand {
        command(keys, epoch, ["open", kind.rawValue, String(sold)], confirmed: confirmed)
    }

    /// Reads the reply to any of these calls.
    public static func parse(_ reply: RedisReply) throws(RedisError) -> Reply {
        try ScriptReply(reply, of: .restore).answer { reply throws(RedisError) in
            let text = try reply.text(2)
            return text == "done" ? .done : .refused(text)
        }
    }

    private static func command(
        _ keys: SaleKeys,
        _ epoch: Int64,
        _ arguments: [String],
        confirmed: Timestamp? = nil
    ) -> RedisCommand {
        let time = confirmed.map { String($0.microseconds) } ?? ""
        return SaleScript.restore.command(keys: keys, arguments: [String(epoch), time] + arguments)
    }

    private static func lines(_ rows: [[String]]) -> String {
        assert(rows.count <= maximumLines)
        return rows.map { $0.joined(separator: "\t") + "\n" }.joined()
    }
}
