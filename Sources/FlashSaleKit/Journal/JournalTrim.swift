/// Removes drained entries from a stream, some time after they are in Postgres.
///
/// The lag (120 s, or 256 MB when that is less) is what a Postgres restored to a few seconds ago can be refilled from.
struct JournalTrim {
    /// Where one turn of the drain ended, and what the journal had grown to by then.
    private struct Mark {
        let lastID: StreamID
        let totalBytes: Int
    }

    /// Checks epoch and lineage, stores the id of the last entry that goes, and removes it with all before it: one
    /// atomic step and exact to the entry, so that `trimmed_to` says no more and no less than what is gone. Only
    /// reading the entries tells their ids, so one call ends after a number of them, or of their bytes.
    private static let script = """
        #!lua flags=allow-oom
        local head = redis.call('HMGET', KEYS[1], 'epoch', 'lineage', 'format')
        if head[3] and (tonumber(head[3]) or math.huge) > \(StoreFormat.known) then return 'V' .. head[3] end
        if head[1] ~= ARGV[1] then return 'epoch ' .. (head[1] or 'none') end
        if head[2] ~= ARGV[2] then return 'lineage ' .. (head[2] or 'none') end
        local from, last, removed, bytes, most = '-', nil, 0, 0, tonumber(ARGV[5])
        while removed < most and bytes < tonumber(ARGV[6]) do
          local part = redis.call('XRANGE', KEYS[2], from, ARGV[4], 'COUNT', math.min(50, most - removed))
          if #part == 0 then break end
          removed = removed + #part
          last = part[#part][1]
          from = '(' .. last
          for i = 1, #part do
            local fields = part[i][2]
            for j = 1, #fields do bytes = bytes + #fields[j] end
          end
        end
        if not last then return 0 end
        local ms, sequence = string.match(last, '^(%d+)-(%d+)$')
        if #sequence > 15 then return redis.error_reply('ERR the id ' .. last .. ' cannot be counted on') end
        redis.call('HSET', KEYS[1], ARGV[3], last)
        redis.call('XTRIM', KEYS[2], 'MINID', '=', ms .. '-' .. string.format('%.0f', tonumber(sequence) + 1))
        return bytes < tonumber(ARGV[6]) and removed or most
        """

    /// One call of the script.
    struct Call {
        /// As Postgres has it in this turn.
        let cursor: JournalCursor
        /// The lineage of that Postgres.
        let lineage: Lineage
        /// The last id that may go; never behind the cursor.
        let target: StreamID
        let limits: DrainLimits

        var command: RedisCommand {
            let keys = SaleKeys(cursor.saleID)
            return RedisCommand(
                "EVAL",
                JournalTrim.script,
                "2",
                keys.sale,
                cursor.stream.key(keys),
                String(cursor.epoch),
                lineage.description,
                cursor.stream.trimmedField,
                min(target, cursor.lastID).description,
                String(limits.trimEntries),
                String(limits.trimBytes)
            )
        }
    }

    /// What it answered.
    enum Reply {
        /// The number of entries that were removed; the limit of the call when there may be more.
        case removed(Int)
        /// The sale has another epoch or lineage, and nothing was written.
        case refused(String)
        /// Only a newer program knows the sale: its format.
        case newerFormat(String)

        init(_ reply: RedisReply) throws(RedisError) {
            if let count = reply.integerValue {
                self = .removed(Int(count))
            } else if let text = reply.string {
                self = text.first == "V" ? .newerFormat(String(text.dropFirst())) : .refused(text)
            } else {
                throw RedisError(.unexpectedReply, "the trim gave a reply that is neither number nor text")
            }
        }
    }

    private var marks: [Mark] = []
    private var total = 0

    /// Remembers how large the portion up to `lastID` was.
    mutating func drained(to lastID: StreamID, bytes: Int) {
        total += bytes
        // Small portions share a mark: the list stays short however often somebody drains.
        let fine = 1 << 20
        if let last = marks.last, total / fine == last.totalBytes / fine { marks.removeLast() }
        marks.append(Mark(lastID: lastID, totalBytes: total))
    }

    /// The last id that may go: old enough, or too many bytes behind, and never past the cursor.
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
