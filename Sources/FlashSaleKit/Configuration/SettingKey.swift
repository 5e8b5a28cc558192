/// The name of each setting. The raw value is the key in configuration files, with a dot between a group and its
/// member. The name of the flag and of the environment variable follow from it.
public enum SettingKey: String, Sendable, CaseIterable, Hashable {
    case redis
    case postgres
    case host
    case port
    case logLevel = "log-level"
    case eventLoops = "event-loops"
    case adminPort = "admin-port"
    case idleTime = "idle-time"
    case shutdownDelay = "shutdown-delay"
    case headerField = "header.field"
    case headerTotal = "header.total"
    case headerCount = "header.count"
    case backlogLimit = "backlog-limit"
    case memoryLimit = "memory-limit"
    case allowNoAOF = "allow-no-aof"
    case traceSample = "trace-sample"
    case traceFile = "trace-file"
    case rotate
    case keepFinished = "keep-finished"
    case localDirectory = "local.directory"
    case hourlyStock = "hourly.stock"
    case hourlyLimit = "hourly.limit"
    case hourlyHold = "hourly.hold"

    /// The option on the command line, e.g. `--hourly-stock`.
    public var flag: String {
        "--" + dashed
    }

    /// The environment variable: the names of the original program for its four, `FLASHCTL_…` for all others.
    public var environmentVariable: String {
        switch self {
        case .redis: "REDIS_URL"
        case .postgres: "POSTGRES_URL"
        case .port: "PORT"
        case .logLevel: "LOG_LEVEL"
        default:
            SettingKey.environmentPrefix
                + String(dashed.uppercased().map { $0 == "-" ? "_" : $0 })
        }
    }

    /// Whether the value may hold a password: then no message shows it.
    public var isSecret: Bool {
        self == .redis || self == .postgres
    }

    /// Every other variable that starts like this is a mistake.
    static let environmentPrefix = "FLASHCTL_"

    /// The variable that a misspelled one of ours is nearest to. The prefix, which all begin with, says nothing, and
    /// four settings have none: `FLASHCTL_PROT` is meant to be `PORT`.
    static func variable(near name: String) -> String? {
        func bare(_ name: String) -> String {
            name.hasPrefix(environmentPrefix) ? String(name.dropFirst(environmentPrefix.count)) : name
        }
        let variables = Dictionary(uniqueKeysWithValues: allCases.map { (bare($0.environmentVariable), $0) })
        return Suggestion.nearest(to: bare(name), among: variables.keys).flatMap { variables[$0]?.environmentVariable }
    }

    private var dashed: String {
        String(rawValue.map { $0 == "." ? "-" : $0 })
    }
}
