/// How fast a sale is being decided: counted in the last entries of its attempts, never in their millions.
public struct AttemptPace: Sendable, Equatable {
    /// The counters of the sale just before a batch.
    public struct Mark: Sendable, Equatable {
        /// When the batch was decided, by the clock of the sale.
        public var at: Timestamp
        /// Units that were sold.
        public var sold: Int

        /// Counters at this time.
        public init(at: Timestamp, sold: Int) {
            self.at = at
            self.sold = sold
        }
    }

    /// Attempts with a record in the entries that were looked at.
    public var outcomes: [Outcome: Int]
    /// Entries that were looked at.
    public var entries: Int
    /// The time in which they were written, in seconds; above 0.
    public var seconds: Double
    /// The counters before the first batch of the last minute; nil when there was none.
    public var earlier: Mark?

    /// What was counted.
    public init(outcomes: [Outcome: Int], entries: Int, seconds: Double, earlier: Mark?) {
        self.outcomes = outcomes
        self.entries = entries
        self.seconds = seconds
        self.earlier = earlier
    }

    /// Attempts of one outcome in a second.
    public func perSecond(_ outcome: Outcome) -> Double { Double(outcomes[outcome] ?? 0) / seconds }

    /// All attempts in a second.
    public var perSecond: Double { Double(outcomes.values.reduce(0, +)) / seconds }
}

/// Reads an ``AttemptPace`` from Redis. However long the stream and however large its entries, a look costs a few
/// milliseconds, in calls short enough for a serving Redis.
public struct AttemptPaceReader: Sendable {
    /// Seconds that are looked at.
    static let window: Int64 = 10
    /// Seconds that the earlier counters may be old.
    static let memory: Int64 = 60
    /// Entries in one call: Redis counts nothing else meanwhile.
    static let portion = 200
    /// Calls in one look; when the window holds more entries, the rate is that of the youngest.
    static let calls = 5

    private let redis: RedisClient

    /// A reader on this connection.
    public init(redis: RedisClient) {
        self.redis = redis
    }

    /// Counts without writing, the youngest first: how many entries, the id and the time of the oldest of them, and the
    /// attempts by outcome; then time and units sold of the first entry after ARGV[4]. One letter may stand for a
    /// whole batch. Entries that nobody understands count for nothing: the drain makes dead letters of them.
    private static let script = """
        #!lua flags=no-writes
        local function fields(entry)
          local values = {}
          for i = 1, #entry[2], 2 do values[entry[2][i]] = entry[2][i + 1] end
          return values
        end
        local entries = redis.call('XREVRANGE', KEYS[1], ARGV[1], ARGV[2], 'COUNT', ARGV[3])
        local letters, sums, oldest, time = { 'H', 'S', 'L', 'B' }, { 0, 0, 0, 0 }, '', ''
        for i = 1, #entries do
          local values = fields(entries[i])
          local outcome, count = values.o or '', tonumber(values.n) or 0
          for j = 1, #letters do
            if outcome == letters[j] then sums[j] = sums[j] + count
            elseif #outcome > 1 then
              local _, found = string.gsub(outcome, letters[j], '')
              sums[j] = sums[j] + found
            end
          end
          oldest, time = entries[i][1], values.t or ''
        end
        local first = redis.call('XRANGE', KEYS[1], ARGV[4], '+', 'COUNT', 1)
        local mark = first[1] and fields(first[1]) or {}
        return { #entries, oldest, time, sums[1], sums[2], sums[3], sums[4], mark.t or '', mark.s or '' }
        """

    /// The pace of a sale.
    ///
    /// - Parameters:
    ///   - now: the time of Redis.
    ///   - opensAt: when the sale opened: before it there was nothing to count.
    /// - Returns: nil when the stream is of another type: that sale is damaged.
    public func read(_ sale: SaleID, now: Timestamp, opensAt: Timestamp) async throws -> AttemptPace? {
        let milliseconds = now.microseconds / 1000
        var counts: [Outcome: Int] = [:]
        var entries = 0
        var oldest: Timestamp?
        var earlier: AttemptPace.Mark?
        var end = "+"
        var isComplete = false
        for _ in 0..<AttemptPaceReader.calls where !isComplete {
            let command = RedisCommand(
                "EVAL",
                AttemptPaceReader.script,
                "1",
                JournalStream.attempts.key(SaleKeys(sale)),
                end,
                "\(max(0, milliseconds - AttemptPaceReader.window * 1000))",
                "\(AttemptPaceReader.portion)",
                "\(max(0, milliseconds - AttemptPaceReader.memory * 1000))"
            )
            guard let parts = try await answer(command), parts.count == 9 else { return nil }
            let numbers = parts.map { Int($0.integerValue ?? 0) }
            for (index, outcome) in [Outcome.held, .soldOut, .userLimit, .banned].enumerated() {
                counts[outcome, default: 0] += numbers[3 + index]
            }
            entries += numbers[0]
            end = "(" + (parts[1].string ?? "")
            if let time = parts[2].integerValue { oldest = Timestamp(microseconds: time) }
            isComplete = numbers[0] < AttemptPaceReader.portion
            if let time = parts[7].integerValue, let sold = parts[8].integerValue {
                earlier = AttemptPace.Mark(at: Timestamp(microseconds: time), sold: Int(sold))
            }
        }
        let begin =
            isComplete ? Timestamp(microseconds: now.microseconds - AttemptPaceReader.window * 1_000_000) : oldest
        let start = max(begin ?? now, opensAt)
        // The youngest entry may bear the very time of the look.
        let seconds = max(0.001, Double(now.microseconds - start.microseconds) / 1_000_000)
        return AttemptPace(outcomes: counts, entries: entries, seconds: seconds, earlier: earlier)
    }

    private func answer(_ command: RedisCommand) async throws -> [RedisReply]? {
        do {
            return try await redis.send(command).elements
        } catch let error as RedisError where error.code == .server("WRONGTYPE") {
            return nil
        }
    }
}
