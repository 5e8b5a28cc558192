/// What Redis has of one user and of some holds, at one instant. Everything is looked up by its name: the time it takes
/// does not depend on the size of the sale.
enum SubjectKeys {
    /// What a look at the keys gave.
    enum Reading: Sendable {
        case contents(RedisContents)
        /// There is no sale key.
        case missing
        /// A key is of another type than the scripts make.
        case wrongType(String)
    }

    /// Holds that are looked up at once.
    static let mostHolds = 3000

    /// ARGV: the user or empty, then hold ids. It writes nothing.
    static let script = """
        #!lua flags=no-writes
        local types = {'hash', 'hash', 'hash', 'hash', 'hash', 'zset', 'hash', 'stream', 'stream'}
        if redis.call('EXISTS', KEYS[1]) == 0 then return {'M'} end
        for i = 1, 9 do
          local type = redis.call('TYPE', KEYS[i]).ok
          if type ~= 'none' and type ~= types[i] then return {'W', KEYS[i]} end
        end
        local time = redis.call('TIME')
        local reply = {'O', time[1], time[2], redis.call('HGETALL', KEYS[1])}
        for i = 2, 4 do
          local value = ARGV[1] ~= '' and redis.call('HGET', KEYS[i], ARGV[1])
          reply[#reply + 1] = value and {ARGV[1], value} or {}
        end
        local holds, deadlines, receipts = {}, {}, {}
        local function add(list, id, value)
          if value then
            list[#list + 1] = id
            list[#list + 1] = value
          end
        end
        for i = 2, #ARGV do
          add(holds, ARGV[i], redis.call('HGET', KEYS[5], ARGV[i]))
          add(deadlines, ARGV[i], redis.call('ZSCORE', KEYS[6], ARGV[i]))
          add(receipts, ARGV[i], redis.call('HGET', KEYS[7], ARGV[i]))
        end
        reply[#reply + 1] = holds
        reply[#reply + 1] = deadlines
        reply[#reply + 1] = receipts
        for i = 8, 9 do
          local last = ''
          if redis.call('EXISTS', KEYS[i]) == 1 then
            local info = redis.call('XINFO', 'STREAM', KEYS[i])
            for f = 1, #info, 2 do
              if info[f] == 'last-generated-id' then last = info[f + 1] end
            end
          end
          reply[#reply + 1] = last
        end
        return reply
        """

    /// Reads them.
    static func read(
        _ keys: SaleKeys,
        user: UserID?,
        holds: [HoldID],
        from redis: RedisClient
    ) async throws -> Reading {
        var parts: [RedisArgument] = ["EVAL", .string(script), .integer(Int64(SaleKeys.count))]
        parts += keys.all.map(RedisArgument.string) + [.string(user?.text ?? "")]
        parts += holds.prefix(mostHolds).map { .string($0.description) }
        let reply = try await redis.send(RedisCommand(parts: parts))
        guard let fields = reply.elements, let letter = fields.first?.string else { throw unexpected() }
        switch letter {
        case "M": return .missing
        case "W": return .wrongType(fields.last?.string ?? "")
        default: return .contents(try contents(fields, keys))
        }
    }

    private static func unexpected() -> RedisError {
        RedisError(.unexpectedReply, "fields of a sale were read and the answer is none that the script gives")
    }

    private static func contents(_ fields: [RedisReply], _ keys: SaleKeys) throws -> RedisContents {
        guard fields.count == 12, let seconds = fields[1].integerValue, let micros = fields[2].integerValue,
            let ledger = fields[10].string, let attempts = fields[11].string
        else { throw unexpected() }
        var contents = RedisContents()
        contents.at = Timestamp(microseconds: seconds * 1_000_000 + micros)
        RedisContents.pairs(fields[3]) { contents.sale[RedisContents.text($0)] = RedisContents.text($1) }
        RedisContents.pairs(fields[4]) { contents.addUser($0, $1, keys) }
        RedisContents.pairs(fields[5]) { contents.addBought($0, $1, keys) }
        RedisContents.pairs(fields[6]) { contents.addBan($0, $1, keys) }
        RedisContents.pairs(fields[7]) { contents.addHold($0, $1, keys) }
        RedisContents.pairs(fields[8]) { contents.addDeadline($0, $1, keys) }
        RedisContents.pairs(fields[9]) { contents.addReceipt($0, $1, keys) }
        contents.ledger.lastID = StreamID(ledger) ?? .zero
        contents.attempts.lastID = StreamID(attempts) ?? .zero
        return contents
    }
}
