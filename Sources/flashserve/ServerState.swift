import FlashSaleKit
import Synchronization

/// What the parts of a server tell each other; read by pages, written by services.
final class ServerState: Sendable {
    struct Values: Sendable {
        /// Unfinished sales as last read from Postgres.
        var sales: [Sale] = []
        /// Nil while Redis is being validated.
        var redis: RedisInstallation?
        /// Sales in whose keys a script has found a contradiction, and at which epoch.
        var suspects: [SaleID: Int64] = [:]
        /// Why Redis is not used or cannot be reached, nil while all is well.
        var redisTrouble: String? = "not validated yet"
        /// By how much the clock of Redis is wrong, while sales stand still for it.
        var clockTrouble: String?
        /// Why Postgres is not reached, nil while it is.
        var postgresTrouble: String?
        var isStopping = false
        /// Streams of sales that cannot be read any further, and why.
        var stoppedDrains: [StoppedDrain: String] = [:]
        /// Which of them have a gap, and when that was last logged.
        var gaps: [StoppedDrain: GapAlarm] = [:]
        var deadLetters = 0
        /// What this server has written to Postgres, by stream.
        var ledgerDrain = DrainTally()
        var attemptsDrain = DrainTally()
        /// The last recount of the open sales; nil before the first one.
        var verification: VerificationStatus?
        /// What the last look at everything has found.
        var guards = GuardReport()
        /// Which clocks differ, while lapsed holds are not returned for it. Nobody has compared them at the start.
        var sweepPause: String? = ServerState.clocksUnknown
        /// Why checkouts are refused before they are decided, nil while they are not.
        var overload: String?
        /// Whether drained entries should leave Redis sooner than usual.
        var memoryIsShort = false
        /// What Redis has to carry, as measured last.
        var load = RedisLoad()
        /// How far the journals of the live sales are behind.
        var lags: [JournalLag] = []
        /// The units of the live sales.
        var stocks: [SaleStock] = []
        /// When load, lags and stocks were measured; nil before the first time.
        var measuredAt: ContinuousClock.Instant?

        /// Sales whose ledger has a gap: their checkouts are refused.
        var salesWithGap: Set<SaleID> { Set(gaps.keys.lazy.filter { $0.stream == .ledger }.map(\.sale)) }

        /// Rows of both streams that this server has written to Postgres.
        var drainedRows: Int { ledgerDrain.rows + attemptsDrain.rows }
    }

    /// Why nothing is returned before the first look at the clocks.
    static let clocksUnknown = "the clocks of Redis, Postgres and this host have not been compared yet"

    /// The program that runs.
    let build: ServerBuild
    /// Spans on their way to their file.
    let spans = SpanQueue()
    private let values = Mutex(Values())

    init(build: ServerBuild = ServerBuild()) {
        self.build = build
    }

    /// A copy of everything.
    var current: Values { values.withLock { $0 } }

    /// Whether the validation with this number still holds.
    func holds(_ generation: Int) -> Bool {
        values.withLock { $0.redis?.generation == generation }
    }

    /// Changes several values at once.
    func update<Result>(_ body: (inout sending Values) -> Result) -> Result where Result: Sendable {
        values.withLock { body(&$0) }
    }
}

/// One stream of one sale: the other one may go on.
struct StoppedDrain: Hashable, Comparable, Sendable {
    let sale: SaleID
    let stream: DrainService.Stream

    static func < (left: StoppedDrain, right: StoppedDrain) -> Bool {
        (left.sale, left.stream.rawValue) < (right.sale, right.stream.rawValue)
    }
}

/// A Redis that was found to be the one which recovery has blessed.
struct RedisInstallation: Sendable {
    var endpoint: RedisEndpoint
    var identity: RedisIdentity
    /// The epochs under which it was validated.
    var epochs: [SaleID: Int64]
    /// Counts the validations of this process: what was begun under another one must not go on.
    var generation: Int

    /// Sales whose records do not add up: nothing is asked of Redis for them.
    var shut: [SaleID: ShutSale] = [:]

    /// The sales that may be sold.
    func usable(_ sales: [Sale]) -> [Sale] {
        sales.filter { shut[$0.id] == nil }
    }

    /// The epoch under which a sale may be written: that of the validation, or for a sale that was opened
    /// since, its own.
    func epoch(of sale: Sale) -> Int64? {
        epochs[sale.id] ?? sale.epoch
    }

    /// Whether somebody else has recovered this sale since.
    func isOutdated(by sale: Sale) -> Bool {
        guard let known = epochs[sale.id] ?? shut[sale.id]?.epoch else { return false }
        return known != sale.epoch
    }
}
