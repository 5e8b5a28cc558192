/// How the two servers of a private stack are run. The settings are those of redis.conf and postgresql.conf.
public struct LocalStackOptions: Sendable, Equatable {
    /// Settings of redis.conf, laid over the fixed ones (socket, folders, no TCP).
    public var redis: [String: String]
    /// Settings of postgresql.conf, laid over the fixed ones.
    public var postgres: [String: String]
    /// Arguments for initdb, used when the data folder is made.
    public var initdb: [String]
    /// How long a server may take to become ready; Redis reads its whole append-only file in this time.
    public var startLimit: Duration
    /// How long a server may take to end before it counts as stuck.
    public var stopLimit: Duration

    /// What `--local` uses: everything survives a power loss, Redis up to two seconds apart (`appendfsync everysec`).
    public static let durable = LocalStackOptions(
        redis: [
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "save": "",
        ],
        postgres: [
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "max_wal_size": "2GB",
            "jit": "off",
        ],
        initdb: [],
        startLimit: .seconds(120),
        stopLimit: .seconds(60)
    )

    /// For tests: the same behaviour while the machine stays up, without waiting for the disk.
    public static let fast = LocalStackOptions(
        redis: durable.redis,
        postgres: durable.postgres.merging(
            ["fsync": "off", "full_page_writes": "off", "shared_buffers": "32MB", "max_wal_size": "256MB"],
            uniquingKeysWith: { $1 }
        ),
        initdb: ["--no-sync", "--wal-segsize=1"],
        startLimit: .seconds(60),
        stopLimit: .seconds(60)
    )

    /// These options with some settings of the servers replaced or added.
    public func with(redis: [String: String] = [:], postgres: [String: String] = [:]) -> LocalStackOptions {
        var result = self
        result.redis.merge(redis, uniquingKeysWith: { $1 })
        result.postgres.merge(postgres, uniquingKeysWith: { $1 })
        return result
    }
}
