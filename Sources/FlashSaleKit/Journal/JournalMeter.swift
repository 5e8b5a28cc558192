/// Measures how much of the journals waits in Redis: exactly when it is little, and otherwise by the number of entries
/// that Redis has counted and the size of those at both ends. It costs the same however long the streams are.
public actor JournalMeter {
    /// Entries that are looked at on either end.
    private static let sample = 100

    /// Reads without writing: the stream's length, entries ever added, how many follow the cursor (at most ARGV[2]),
    /// the bytes of those and of as many at the end, and the id of the first of them.
    private static let script = """
        #!lua flags=no-writes
        if redis.call('EXISTS', KEYS[1]) == 0 then return false end
        local length, added = 0, 0
        local info = redis.call('XINFO', 'STREAM', KEYS[1])
        for i = 1, #info, 2 do
          if info[i] == 'length' then length = info[i + 1] end
          if info[i] == 'entries-added' then added = info[i + 1] end
        end
        local function size(entries)
          local bytes = 0
          for i = 1, #entries do
            bytes = bytes + 32
            for j = 1, #entries[i][2] do bytes = bytes + #entries[i][2][j] + 2 end
          end
          return bytes
        end
        local first = redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[2])
        if #first == 0 then return { length, added, 0, 0, 0, 0, '' } end
        local last = redis.call('XREVRANGE', KEYS[1], '+', '(' .. ARGV[1], 'COUNT', ARGV[2])
        return { length, added, #first, size(first), #last, size(last), first[1][1] }
        """

    /// A stream that was rebuilt counts its entries from the start, Postgres goes on: this is the difference, learnt
    /// whenever the exact number is known.
    private var differences: [JournalPositions.Key: Int] = [:]

    /// A meter that knows nothing yet.
    public init() {}

    /// The lags of these streams. Streams that Redis does not have, or that are of another type, are left out: those
    /// sales are damaged, which is not a matter of lag.
    public func measure(
        _ positions: JournalPositions,
        redis: RedisClient,
        now: Timestamp
    ) async throws -> [JournalLag] {
        var lags: [JournalLag] = []
        for (key, position) in positions.all {
            if let lag = try await measure(key, position, redis, now) { lags.append(lag) }
        }
        let known = Set(positions.all.map(\.key))
        differences = differences.filter { known.contains($0.key) }
        return lags
    }

    private func measure(
        _ key: JournalPositions.Key,
        _ position: JournalPositions.Position,
        _ redis: RedisClient,
        _ now: Timestamp
    ) async throws -> JournalLag? {
        let name = key.stream.key(SaleKeys(key.saleID))
        let command = RedisCommand(
            "EVAL",
            JournalMeter.script,
            "1",
            name,
            position.lastID.description,
            String(JournalMeter.sample + 1)
        )
        let reply: RedisReply
        do {
            reply = try await redis.send(command)
        } catch let error as RedisError where error.code == .server("WRONGTYPE") {
            return nil
        }
        guard let parts = reply.elements, parts.count == 7 else { return nil }
        let numbers = parts.prefix(6).map { Int($0.integerValue ?? 0) }
        var lag = JournalLag(saleID: key.saleID, stream: key.stream)
        guard numbers[2] > 0, let oldest = parts[6].string.flatMap({ StreamID($0) }) else {
            learn(key, added: numbers[1], position, waiting: 0)
            return lag
        }
        lag.entries = waiting(key, position, length: numbers[0], added: numbers[1], sampled: numbers[2])
        let (count, bytes) = (numbers[2] + numbers[4], numbers[3] + numbers[5])
        lag.bytes = lag.entries * (bytes / max(1, count))
        lag.seconds = max(0, Double(now.microseconds) / 1_000_000 - Double(oldest.milliseconds) / 1000)
        return lag
    }

    private func waiting(
        _ key: JournalPositions.Key,
        _ position: JournalPositions.Position,
        length: Int,
        added: Int,
        sampled: Int
    ) -> Int {
        guard sampled > JournalMeter.sample else {
            learn(key, added: added, position, waiting: sampled)
            return sampled
        }
        // A new stream is made with one entry that is deleted again.
        guard let drained = position.drainedEntries else { return length }
        let counted = added - 1 - drained - differences[key, default: 0]
        // Counters that do not fit together: no more than the stream has can wait.
        return counted < sampled ? length : min(counted, length)
    }

    private func learn(
        _ key: JournalPositions.Key,
        added: Int,
        _ position: JournalPositions.Position,
        waiting: Int
    ) {
        guard let drained = position.drainedEntries else { return }
        let difference = added - 1 - drained - waiting
        differences[key] = difference == 0 ? nil : difference
    }
}
