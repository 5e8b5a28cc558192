/// A note in Redis which of its runs was blessed last, for those who cannot ask Postgres.
///
/// A Redis that was restarted, emptied, restored or promoted since has another run id than its note, or no note. One
/// that matches is what the servers that sell during an outage of Postgres rely on as well. It cannot tell whether
/// meanwhile another Redis was blessed.
struct BlessedRun: Sendable {
    /// The key: `run_id master_replid`.
    static let key = "fs:blessed"

    /// Not a plain SET, which a Redis without memory refuses.
    private static let script = """
        #!lua flags=allow-oom
        return redis.call('SET', KEYS[1], ARGV[1])
        """

    let redis: RedisClient

    /// Notes a run that Postgres knows as blessed by now: a note that came first could be of a run that never was.
    func write(_ identity: RedisIdentity) async throws {
        let text = "\(identity.runID) \(identity.masterReplID)"
        _ = try await redis.send(RedisCommand("EVAL", BlessedRun.script, "1", BlessedRun.key, text))
    }

    /// Whether the Redis that runs now is the one that was blessed.
    func isOf(_ facts: RedisFacts) async throws -> Bool {
        let found = try await redis.send(RedisCommand("GET", BlessedRun.key)).string
        return found == "\(facts.runID) \(facts.masterReplID)"
    }
}
