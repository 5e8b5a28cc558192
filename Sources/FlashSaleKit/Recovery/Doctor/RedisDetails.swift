/// What `doctor` wants to know of a Redis server beyond ``RedisFacts``.
struct RedisDetails: Sendable, Equatable {
    /// Why the append-only file or a snapshot could not be written, by the names of `INFO`; empty when all could.
    var failedWrites: [String]
    /// Bytes.
    var usedMemory: Int64
    /// Bytes that the kernel has given to it.
    var residentMemory: Int64
    /// Bytes; 0 is no limit.
    var maxmemory: Int64
    /// Bytes that it may really use: see ``RedisFacts/availableMemory``.
    var availableMemory: Int64
    var connectedClients: Int64
    var maxClients: Int64

    /// Reads the text of `INFO`.
    init(info text: String, location: String) throws(RedisError) {
        let info = RedisGuards.Info(text)
        let names = ["aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status"]
        var failed: [String] = []
        for name in names where try info.text(name, location) != "ok" { failed.append(name) }
        failedWrites = failed
        usedMemory = try info.number("used_memory", location)
        residentMemory = try info.number("used_memory_rss", location)
        maxmemory = try info.number("maxmemory", location)
        availableMemory = info.availableMemory(location)
        connectedClients = try info.number("connected_clients", location)
        maxClients = try info.number("maxclients", location)
    }

    /// - Parameters:
    ///   - memoryPercent: share of `maxmemory` above which checkouts are refused.
    ///   - backlogBytes: undrained journal above which checkouts are refused.
    func checks(memoryPercent: Int, backlogBytes: Int) -> [DeepCheck] {
        [persistence, headroom(memoryPercent, backlogBytes), clients]
    }

    private var persistence: DeepCheck {
        if failedWrites.contains("aof_last_write_status") {
            return .critical(
                .persistence,
                "Redis could not write its append-only file: it refuses every write, so nothing is sold.",
                fix: "Free space on its disk; its log says why. It goes on by itself once it can write."
            )
        }
        if failedWrites.contains("aof_last_bgrewrite_status") {
            return .warning(
                .persistence,
                "The last rewrite of the append-only file failed: the file grows without end.",
                fix: "See the log of Redis (memory for a fork: vm.overcommit_memory = 1; disk), then run BGREWRITEAOF."
            )
        }
        if !failedWrites.isEmpty {
            return .warning(
                .persistence,
                "The last snapshot of Redis failed; with save points it refuses writes until one succeeds.",
                fix: "See the log of Redis, then run BGSAVE; or set save \"\": the append-only file needs no snapshots."
            )
        }
        return .ok(.persistence, "The last write, rewrite and snapshot of Redis have succeeded.")
    }

    private func headroom(_ percent: Int, _ backlogBytes: Int) -> DeepCheck {
        guard maxmemory > 0 else {
            let sentence =
                "Redis has taken \(ByteText.text(Int(residentMemory))) of the \(ByteText.text(Int(availableMemory)))"
                + " that it may use, without a limit of its own"
            return residentMemory < availableMemory / 2
                ? .ok(.headroom, "\(sentence).")
                : .warning(
                    .headroom,
                    "\(sentence): a rewrite of the append-only file may need as much again.",
                    fix: "Give it more memory, and set its maxmemory to three quarters of that."
                )
        }
        // A maxmemory beyond what there is makes no room.
        let limit = availableMemory > 0 ? min(maxmemory, availableMemory) : maxmemory
        let room = Int(max(0, limit / 100 * Int64(percent) - usedMemory))
        let sentence = "There is room for \(ByteText.text(room)) more before checkouts are refused for memory"
        if room < backlogBytes {
            let more = limit < maxmemory ? "Give it more memory" : "Raise maxmemory"
            return .warning(
                .headroom,
                "\(sentence), but the journal may take \(ByteText.text(backlogBytes)) while Postgres is away.",
                fix: "\(more), or lower --backlog-limit, so that a stop of Postgres does not end a sale."
            )
        }
        return .ok(.headroom, "\(sentence).")
    }

    private var clients: DeepCheck {
        let sentence = "\(connectedClients) of \(maxClients) possible clients are connected to Redis"
        let fix = "Raise maxclients (and the limit of open files of Redis), or find who keeps connections: CLIENT LIST."
        if connectedClients * 20 >= maxClients * 19 { return .critical(.clients, "\(sentence).", fix: fix) }
        if connectedClients * 5 >= maxClients * 4 { return .warning(.clients, "\(sentence).", fix: fix) }
        return .ok(.clients, "\(sentence).")
    }
}
