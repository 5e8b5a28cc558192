/// One thing that must be true for a sale to be safe, and what was found.
public struct GuardCheck: Sendable, Equatable {
    /// How bad it is. The order is that of badness.
    public enum Level: String, Sendable, Comparable, CaseIterable {
        /// As it should be.
        case ok
        /// Nothing is lost yet; somebody should look at it.
        case warning
        /// A promise is broken, or will be by the next fault.
        case critical

        /// Less bad is less.
        public static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }

        /// 0 for ok, 1 for warning, 2 for critical: the value of the metric.
        public var rank: Int {
            switch self {
            case .ok: 0
            case .warning: 1
            case .critical: 2
            }
        }
    }

    /// What is looked at. The raw value is the name in JSON and in metrics.
    public enum Name: String, Sendable, CaseIterable {
        case redis
        case evictionPolicy = "eviction_policy"
        case role = "redis_role"
        case appendOnlyFile = "append_only_file"
        case memory = "redis_memory"
        case postgres
        case schema
        case durability = "postgres_durability"
        case clocks = "clock_skew"
        case deadLetters = "dead_letters"
        case ledgerLag = "ledger_lag"
        case attemptsLag = "attempts_lag"
        case sales = "damaged_sales"
    }

    /// What is looked at.
    public let name: Name
    /// How bad it is.
    public let level: Level
    /// What was found, in one sentence.
    public let sentence: String
    /// What to do about it; nil when all is well.
    public let nextStep: String?

    init(_ name: Name, _ level: Level, _ sentence: String, nextStep: String? = nil) {
        self.name = name
        self.level = level
        self.sentence = sentence
        self.nextStep = nextStep
    }
}

/// The checks of one moment.
public struct GuardReport: Sendable, Equatable {
    /// All checks that could be made, in the order of ``GuardCheck/Name``.
    public var checks: [GuardCheck] = []
    /// By how much the clocks differ, as far as they could be read.
    public var skew = ClockSkew()
    /// How far the journals of the live sales are behind.
    public var lags: [JournalLag] = []
    /// Rows that nobody has repaired; nil while Postgres does not answer.
    public var deadLetters: Int?
    /// Recoveries of sales that are on record; nil while Postgres does not answer.
    public var recoveries: Int?
    /// Whether Redis has answered.
    public var reachedRedis = false
    /// Whether Postgres has answered.
    public var reachedPostgres = false

    /// An empty one.
    public init() {}

    /// The worst of all checks.
    public var level: GuardCheck.Level { checks.map(\.level).max() ?? .ok }
    /// What is not as it should be, the worst first.
    public var findings: [GuardCheck] {
        GuardCheck.Level.allCases.dropFirst().reversed().flatMap { level in checks.filter { $0.level == level } }
    }

    /// The check of this name, if it was made.
    public subscript(name: GuardCheck.Name) -> GuardCheck? { checks.first { $0.name == name } }

    mutating func sort() {
        let order = Dictionary(uniqueKeysWithValues: GuardCheck.Name.allCases.enumerated().map { ($1, $0) })
        checks.sort { (order[$0.name] ?? 0) < (order[$1.name] ?? 0) }
    }
}
