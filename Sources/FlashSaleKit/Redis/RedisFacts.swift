/// What a Redis server says about itself, as far as a sale depends on it.
public struct RedisFacts: Sendable, Equatable {
    /// `host:port` or the path of the socket.
    public let location: String
    /// A new one with every start of the server process.
    public let runID: String
    /// The id of its data's history; a new one when it becomes master of its own.
    public let masterReplID: String
    /// `master` or `slave`.
    public let role: String
    /// For instance `noeviction`.
    public let maxmemoryPolicy: String
    /// Whether writes go to the append-only file.
    public let aofEnabled: Bool
    /// `always`, `everysec` or `no`; nil when the server does not let us ask (`CONFIG` renamed or forbidden).
    public let appendfsync: String?
    /// For instance `7.0.15`.
    public let redisVersion: String
    /// True while the server reads its data from disk.
    public let loading: Bool
    /// Bytes.
    public let usedMemory: Int64
    /// Bytes; 0 is no limit.
    public let maxmemory: Int64
    /// Bytes that the server may really use, whatever `maxmemory` is: those of its machine, or of its cgroup when it
    /// runs on this host. 0 when it does not say.
    public let availableMemory: Int64

    /// Scripts with a `#!lua` line need this version.
    static let oldestMajorVersion = 7

    /// Why no sale may run on this server, each with its next step; empty when it may.
    public func problems(allowNoAOF: Bool) -> [String] {
        var problems: [String] = []
        if loading {
            problems.append("Redis at \(location) is still reading its data from disk. Wait until it has finished.")
        }
        let major = Int(redisVersion.prefix { $0 != "." }) ?? 0
        if major < Self.oldestMajorVersion {
            problems.append(
                "Redis at \(location) has version \(redisVersion). Install version \(Self.oldestMajorVersion) or newer."
            )
        }
        if role != "master" {
            problems.append("Redis at \(location) is a replica (role \(role)). Point the Redis URL at its master.")
        }
        if maxmemoryPolicy != "noeviction" {
            problems.append(
                "Redis at \(location) may evict keys of a sale (maxmemory-policy \(maxmemoryPolicy))."
                    + " \(advice("maxmemory-policy", "noeviction"))"
            )
        }
        if !aofEnabled, !allowNoAOF {
            problems.append(
                "Redis at \(location) writes no append-only file, so a restart loses holds and attempts."
                    + " \(advice("appendonly", "yes")) Or accept the loss with --allow-no-aof"
                    + " (FLASHCTL_ALLOW_NO_AOF=true for every command)."
            )
        }
        return problems
    }

    /// How a parameter is set on this server, as a sentence. Where `CONFIG` is renamed or forbidden, as managed servers
    /// do, it cannot be set by a command.
    func advice(_ parameter: String, _ value: String) -> String {
        guard appendfsync != nil else {
            return "Set \(parameter) to \(value) where this server is configured: in its redis.conf and with a restart,"
                + " or in the parameter group of a managed Redis (CONFIG cannot be used here)."
        }
        return "Run CONFIG SET \(parameter) \(value) and set it in redis.conf."
    }

    /// Bytes beyond which the server evicts, refuses or is ended: the smaller of `maxmemory` and what there is; 0 when
    /// neither is known.
    public var memoryLimit: Int64 {
        if maxmemory <= 0 { return availableMemory }
        return availableMemory > 0 ? min(maxmemory, availableMemory) : maxmemory
    }

    /// What a crash of the server can lose of its own data, in one sentence.
    public var durability: String {
        guard aofEnabled else {
            return "A crash of Redis loses everything since its last snapshot: the append-only file is off."
        }
        return switch appendfsync {
        case "always": "A crash of Redis loses nothing: appendfsync is always."
        case "everysec": "A crash of Redis loses up to 2 seconds of holds and attempts: appendfsync is everysec."
        case "no":
            "A crash of the machine of Redis loses what its kernel had not written, often 30 seconds:"
                + " appendfsync is no."
        case .some(let other): "What a crash of Redis loses is unknown: appendfsync is \(other)."
        case nil: "What a crash of Redis loses is unknown: the server does not let us ask for appendfsync."
        }
    }
}
