/// Removes drained entries from a stream, some time after they are in Postgres.
///
/// The lag (120 s, or 256 MB when that is less) is what a Postgres restored to a few seconds ago can be refilled from.
struct JournalTrim {
    /// Where one turn of the drain ended, and what the journal had grown to by then.
    private struct Mark {
        let lastID: StreamID
        let totalBytes: Int
    }

    /// Checks the epoch, stores how far entries may be gone, and only then removes them: one atomic step, so that
    /// `trimmed_to` never lags behind the truth.
    static let script = """
        #!lua flags=allow-oom
        if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return -1 end
        local old = redis.call('XRANGE', KEYS[2], '-', '(' .. ARGV[3], 'COUNT', 1)
        if #old == 0 then return 0 end
        local function parts(id)
          local ms, sequence = string.match(id, '^(%d+)-(%d+)$')
          return tonumber(ms) or 0, tonumber(sequence) or 0
        end
        local ms, sequence = parts(ARGV[3])
        local was_ms, was_sequence = parts(redis.call('HGET', KEYS[1], ARGV[2]) or '')
        if ms > was_ms or (ms == was_ms and sequence > was_sequence) then
          redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
        end
        return redis.call('XTRIM', KEYS[2], 'MINID', '~', ARGV[3], 'LIMIT', ARGV[4])
        """

    private var marks: [Mark] = []
    private var total = 0
    private var due = ContinuousClock.now

    /// Remembers how large the portion up to `lastID` was.
    mutating func drained(to lastID: StreamID, bytes: Int) {
        total += bytes
        // Small portions share a mark: the list stays short however often somebody drains.
        let fine = 1 << 20
        if let last = marks.last, total / fine == last.totalBytes / fine { marks.removeLast() }
        marks.append(Mark(lastID: lastID, totalBytes: total))
    }

    /// Whether it is time to trim; the next time is some time later.
    mutating func isDue(_ limits: DrainLimits) -> Bool {
        let now = ContinuousClock.now
        if now < due { return false }
        due = now + .milliseconds(limits.trimEveryMilliseconds)
        return true
    }

    /// Makes the next trim due at once: the last one removed all that one call may.
    mutating func again() {
        due = .now
    }

    /// The id below which entries may go: old enough, or too many bytes behind, and never past the cursor.
    ///
    /// - Parameter now: the time of Redis in milliseconds.
    mutating func target(now: UInt64, cursor: StreamID, limits: DrainLimits) -> StreamID? {
        let old = now > limits.keepMilliseconds ? now - limits.keepMilliseconds : 0
        var target = StreamID(milliseconds: old, sequence: 0)
        if let mark = marks.last(where: { total - $0.totalBytes >= limits.keepBytes }) {
            target = max(target, mark.lastID)
        }
        marks.removeAll { $0.lastID < target }
        target = min(target, cursor)
        return target == .zero ? nil : target
    }
}
