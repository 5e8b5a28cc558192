/// Where something is recorded.
public enum RecordPlace: String, Sendable, CaseIterable {
    case ledger = "postgres.ledger"
    case attempts = "postgres.attempts"
    case purchases = "postgres.purchases"
    case deadLetters = "postgres.dead_letter"
    case recoveries = "postgres.recoveries"
    case controlLog = "postgres.control_log"
    /// Decided, and on its way to Postgres.
    case journal
    /// The keys of the sale in Redis.
    case redis

    /// The table, or what is not Postgres, in one word.
    public var shortName: String { String(rawValue.split(separator: ".").last ?? "") }

    /// Name for people.
    public var name: String {
        switch self {
        case .ledger: "Postgres ledger"
        case .attempts: "Postgres attempts"
        case .purchases: "Postgres purchases"
        case .deadLetters: "Postgres dead letters"
        case .recoveries: "Postgres recoveries"
        case .controlLog: "Postgres control log"
        case .journal: "journal"
        case .redis: "Redis"
        }
    }
}
