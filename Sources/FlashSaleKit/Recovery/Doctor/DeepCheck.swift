/// One thing that `doctor` looks at besides the checks of a running server: too slow, or too rarely of interest, to be
/// asked every ten seconds.
public struct DeepCheck: Sendable, Equatable {
    /// What is looked at. The raw value is the name in JSON.
    public enum Name: String, Sendable, CaseIterable {
        case persistence = "redis_persistence"
        case headroom = "redis_headroom"
        case redisLatency = "redis_latency"
        case slowCommands = "redis_slow_commands"
        case clients = "redis_clients"
        case redisDisk = "redis_disk"
        case scripts = "redis_scripts"
        case postgresLatency = "postgres_latency"
        case databaseSettings = "postgres_settings"
        case connections = "postgres_connections"
        case postgresDisk = "postgres_disk"
        case collation = "postgres_collation"
        case standbys = "postgres_standbys"
        case nextHour = "next_hour"
        case finishedSales = "finished_sales"
        case openFiles = "open_files"
    }

    /// What is looked at.
    public let name: Name
    /// How bad it is.
    public let level: GuardCheck.Level
    /// What was found, in one sentence.
    public let sentence: String
    /// What to do about it; nil when there is nothing to do.
    public let fix: String?

    private init(name: Name, level: GuardCheck.Level, sentence: String, fix: String?) {
        self.name = name
        self.level = level
        self.sentence = sentence
        self.fix = fix
    }

    /// All is well, or nobody can tell and nothing depends on it.
    public static func ok(_ name: Name, _ sentence: String) -> DeepCheck {
        DeepCheck(name: name, level: .ok, sentence: sentence, fix: nil)
    }

    /// Somebody should look at it.
    public static func warning(_ name: Name, _ sentence: String, fix: String) -> DeepCheck {
        DeepCheck(name: name, level: .warning, sentence: sentence, fix: fix)
    }

    /// A promise is broken, or will be by the next fault.
    public static func critical(_ name: Name, _ sentence: String, fix: String) -> DeepCheck {
        DeepCheck(name: name, level: .critical, sentence: sentence, fix: fix)
    }
}
