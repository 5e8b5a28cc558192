/// Everything that the keys of a sale hold in Redis, at one instant.
struct RedisContents: Sendable {
    /// A hold as Redis has it.
    struct Hold: Sendable, Equatable {
        var user: UserID
        var item: Int64
        var deadline: Int64
        /// 0, 1, or x for what an Idempotency-Key remembers of an ended hold.
        var keyed: UInt8

        var isOpen: Bool { keyed != UInt8(ascii: "x") }
    }

    /// A receipt as Redis has it.
    struct Receipt: Sendable, Equatable {
        var unit: Int64
        var slot: Int64
        var user: UserID
        var item: Int64
        var ticket: String
        var time: Int64
        var deadline: Int64
    }

    /// A stream as Redis has it.
    struct Stream: Sendable, Equatable {
        var exists = false
        var entries: Int64 = 0
        var lastID = StreamID.zero
        var firstID: StreamID?
    }

    var at = Timestamp(microseconds: 0)
    var sale: [String: String] = [:]
    var users: [UserID: Int64] = [:]
    var bought: [UserID: Int64] = [:]
    var banned: [UserID: String] = [:]
    var holds: [HoldID: Hold] = [:]
    var deadlines: [HoldID: Int64] = [:]
    var receipts: [HoldID: Receipt] = [:]
    /// Holds for which no unit is taken any more.
    var settled: Set<HoldID> = []
    var ledger = Stream()
    var attempts = Stream()
    /// The epoch in the sentinel of each key, by key; missing when there is no sentinel.
    var sentinels: [String: Int64] = [:]
    /// Fields that nobody can read, with their key.
    var unreadable: [String] = []

    func number(_ field: String) -> Int64? { sale[field].flatMap { Int64($0) } }
    var epoch: Int64 { number("epoch") ?? 0 }
    var state: SaleState? { sale["state"].flatMap(SaleState.init(rawValue:)) }

    func stream(_ name: JournalStream) -> Stream {
        switch name {
        case .ledger: ledger
        case .attempts: attempts
        }
    }

    /// What a look at the keys gave.
    enum Reading: Sendable {
        case contents(RedisContents)
        /// There is no sale key.
        case missing
        /// A key is of another type than the scripts make.
        case wrongType(String)
        /// More than fits into one answer; how many.
        case tooLarge(Int)
    }

    /// Fields in one atomic reading. 200,000 stop Redis for about 0.1 s; a larger sale is read in pieces.
    static let mostAtOnce = 200_000

    /// All keys in one script call: nothing can change between two of them. It writes nothing.
    static let script = """
        #!lua flags=no-writes
        local types = {'hash', 'hash', 'hash', 'hash', 'hash', 'zset', 'hash', 'stream', 'stream', 'zset'}
        local order = {}
        local found = redis.call('EXISTS', KEYS[1])
        if found == 0 then return {'M'} end
        for i = 1, 10 do
          local type = redis.call('TYPE', KEYS[i]).ok
          if type ~= 'none' and type ~= types[i] then return {'W', KEYS[i]} end
        end
        local size = 0
        for i = 2, 7 do size = size + redis.call(i == 6 and 'ZCARD' or 'HLEN', KEYS[i]) end
        local time = redis.call('TIME')
        local reply = {'O', time[1], time[2], redis.call('HGETALL', KEYS[1])}
        if size > tonumber(ARGV[1]) then
          if ARGV[2] ~= 'head' then return {'L', size} end
          for i = 2, 7 do reply[#reply + 1] = {} end
        else
          for i = 2, 7 do
            reply[#reply + 1] = i == 6 and redis.call('ZRANGE', KEYS[6], 0, -1, 'WITHSCORES')
              or redis.call('HGETALL', KEYS[i])
          end
        end
        for i = 8, 9 do
          local stream = {0, 0, '', ''}
          if redis.call('EXISTS', KEYS[i]) == 1 then
            stream[1] = 1
            local info = redis.call('XINFO', 'STREAM', KEYS[i])
            for f = 1, #info, 2 do
              if info[f] == 'length' then stream[2] = info[f + 1]
              elseif info[f] == 'last-generated-id' then stream[3] = info[f + 1]
              elseif info[f] == 'first-entry' and info[f + 1] then stream[4] = info[f + 1][1] end
            end
          end
          reply[#reply + 1] = stream
        end
        reply[#reply + 1] = redis.call('ZRANGE', KEYS[10], 0, -1)
        return reply
        """

    /// Reads everything, or says why it cannot be read at once.
    static func read(_ keys: SaleKeys, from redis: RedisClient, most: Int = mostAtOnce) async throws -> Reading {
        try await read(keys, from: redis, most: most, mode: "all")
    }

    /// Only the sale and the ends of its streams.
    static func readHead(_ keys: SaleKeys, from redis: RedisClient) async throws -> Reading {
        try await read(keys, from: redis, most: 0, mode: "head")
    }

    private static func read(
        _ keys: SaleKeys,
        from redis: RedisClient,
        most: Int,
        mode: String
    ) async throws -> Reading {
        var parts: [RedisArgument] = ["EVAL", .string(script), .integer(Int64(SaleKeys.count))]
        parts += keys.all.map(RedisArgument.string) + [.integer(Int64(most)), .string(mode)]
        let reply = try await redis.send(RedisCommand(parts: parts))
        guard let fields = reply.elements, let letter = fields.first?.string else { throw unexpected() }
        switch letter {
        case "M": return .missing
        case "W": return .wrongType(fields.last?.string ?? "")
        case "L": return .tooLarge(Int(fields.last?.integerValue ?? 0))
        default: return .contents(try RedisContents(fields, keys))
        }
    }

    private static func unexpected() -> RedisError {
        RedisError(.unexpectedReply, "the keys of a sale were read and the answer is none that the script gives")
    }

    /// Nothing is known yet.
    init() {}

    private init(_ fields: [RedisReply], _ keys: SaleKeys) throws {
        guard fields.count == 13, let seconds = fields[1].integerValue, let micros = fields[2].integerValue else {
            throw RedisContents.unexpected()
        }
        at = Timestamp(microseconds: seconds * 1_000_000 + micros)
        RedisContents.pairs(fields[3]) { sale[RedisContents.text($0)] = RedisContents.text($1) }
        RedisContents.pairs(fields[4]) { addUser($0, $1, keys) }
        RedisContents.pairs(fields[5]) { addBought($0, $1, keys) }
        RedisContents.pairs(fields[6]) { addBan($0, $1, keys) }
        RedisContents.pairs(fields[7]) { addHold($0, $1, keys) }
        RedisContents.pairs(fields[8]) { addDeadline($0, $1, keys) }
        RedisContents.pairs(fields[9]) { addReceipt($0, $1, keys) }
        for member in fields[12].elements ?? [] { addSettled(member.bytes ?? [], keys) }
        ledger = try RedisContents.stream(fields[10])
        attempts = try RedisContents.stream(fields[11])
    }

    private static func stream(_ reply: RedisReply) throws -> Stream {
        guard let parts = reply.elements, parts.count == 4, let exists = parts[0].integerValue,
            let entries = parts[1].integerValue, let last = parts[2].string, let first = parts[3].string
        else { throw unexpected() }
        return Stream(
            exists: exists == 1,
            entries: entries,
            lastID: StreamID(last) ?? .zero,
            firstID: StreamID(first)
        )
    }
}
