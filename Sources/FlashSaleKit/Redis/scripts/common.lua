-- Shared by all scripts, in front of each of them. ARGV[1] is the epoch, ARGV[2] the time that Postgres confirmed, or
-- empty. A script first reads and decides, collecting everything to be written in `plan`, and then writes it with
-- `commit`: an error after the first write would leave half of the changes.
-- Times are microseconds: below 2^53, so a Lua number holds them, but only text() prints them in full. Item ids may be
-- larger and are never converted.
local SALE, USERS, BOUGHT, BANNED, HOLDS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local DEADLINES, RECEIPTS, LEDGER, ATTEMPTS, SETTLED = KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10]
local CHUNK = 4000 -- unpack fails at 8,000 values
local LARGEST_JUMP = 10000000
local CONFIRMED_FOR = 2000000

local sale, now
local counts, touched = {}, {} -- user -> held + sold as planned; users whose count changed
local gone = {} -- holds that this call ended: id -> their tombstone, or false when nothing is left of them
local plan = { journal = {}, drop = {}, keep = {}, undate = {}, date = {}, receipts = {}, bought = {} }

local function text(number)
    return string.format('%.0f', number)
end

local function redis_time()
    local time = redis.call('TIME')
    return time[1] * 1000000 + time[2]
end

-- A sale keeps the format that it was opened with. One that is newer than what this program knows (FORMAT, defined in
-- front of this file) is left as it is, whatever the script; a key of another type is for the script to judge.
local field = redis.pcall('HGET', SALE, 'format')
local format = type(field) == 'string' and (tonumber(field) or math.huge) or 1
if format > FORMAT then
    return { 'V', text(redis_time()), field, SALE }
end

local function damaged(why)
    return { 'E', text(redis_time()), why }
end

-- The values of these fields of a hash, false for those that are missing.
local function fetch(key, fields)
    local last = #fields
    if last == 0 then
        return {}
    end
    if last <= CHUNK then
        return redis.call('HMGET', key, unpack(fields))
    end
    local values = {}
    for first = 1, last, CHUNK do
        local part = redis.call('HMGET', key, unpack(fields, first, math.min(first + CHUNK - 1, last)))
        for i = 1, #part do
            values[first + i - 1] = part[i]
        end
    end
    return values
end

local function write(command, key, values)
    local last = #values
    for first = 1, last, CHUNK do
        redis.call(command, key, unpack(values, first, math.min(first + CHUNK - 1, last)))
    end
end

-- One sentence about the first key that is missing or disagrees with the counters of the sale, or nil. An emptied key
-- ceases to exist in Redis: the sentinels tell that from a key that was deleted.
local function damage(epoch)
    for i = 2, 7 do
        if i ~= 6 and redis.call('HGET', KEYS[i], '') ~= epoch then
            return KEYS[i] .. ' is missing or of another epoch'
        end
    end
    if not redis.call('ZSCORE', DEADLINES, 'epoch:' .. epoch) then
        return DEADLINES .. ' is missing or of another epoch'
    end
    if redis.call('EXISTS', LEDGER, ATTEMPTS) ~= 2 then
        return 'a stream is missing'
    end
    if redis.call('ZCARD', DEADLINES) - 1 ~= sale.held then
        return DEADLINES .. ' disagrees with held'
    end
    if redis.call('HLEN', RECEIPTS) - 1 ~= sale.sold then
        return RECEIPTS .. ' disagrees with sold'
    end
    if sale.free < 0 or sale.held < 0 or sale.sold < 0 or sale.free + sale.held + sale.sold ~= sale.stock then
        return 'free + held + sold is not the stock'
    end
end

-- Reads the sale hash into `sale`; returns its epoch and state, or nil when a field is missing or no number.
local function read_sale()
    local v = redis.call('HMGET', SALE, 'epoch', 'state', 'stock', 'free', 'held', 'sold', 'limit', 'hold_ms',
        'opens_us', 'closes_us', 'checkout_paused', 'purchase_paused', 'seq', 'now_us')
    for i = 3, 14 do
        v[i] = tonumber(v[i])
        if not v[i] then
            return v[1], nil
        end
    end
    sale = { stock = v[3], free = v[4], held = v[5], sold = v[6], limit = v[7], hold_us = v[8] * 1000,
        opens = v[9], closes = v[10], checkout_paused = v[11] ~= 0, purchase_paused = v[12] ~= 0,
        seq = v[13], clock = v[14], finished = v[2] == 'finished' }
    return v[1], v[2]
end

-- Loads and checks the sale and sets `now`; returns the reply when the call must be refused.
local function load()
    local epoch, state = read_sale()
    if epoch ~= ARGV[1] or (state ~= 'open' and state ~= 'finished') then
        return damaged('epoch or state')
    end
    local why = damage(epoch)
    if why then
        return damaged(why)
    end
    local time = redis_time()
    if time > sale.clock + LARGEST_JUMP then
        local confirmed = tonumber(ARGV[2])
        if not confirmed or time > confirmed + CONFIRMED_FOR then
            return { 'T', text(time) }
        end
    end
    now = math.max(time, sale.clock)
end

-- Takes the next number of the journal.
local function next_seq()
    sale.seq = sale.seq + 1
    return text(sale.seq)
end

local function journal(stream, seq, ...)
    plan.journal[#plan.journal + 1] =
        { stream, 'NOMKSTREAM', '*', 'e', ARGV[1], 'q', seq, 't', text(now), 'v', format, ... }
end

-- Reads the counts of users that this call has not read yet.
local function count_users(users)
    local missing = {}
    for i = 1, #users do
        if not counts[users[i]] then
            counts[users[i]] = 0
            missing[#missing + 1] = users[i]
        end
    end
    local values = fetch(USERS, missing)
    for i = 1, #missing do
        counts[missing[i]] = tonumber(values[i]) or 0
    end
end

-- A hold from its field; nil if it is unreadable. keyed: '0', '1', or 'x' for a tombstone, which only remembers what
-- an Idempotency-Key was answered.
local function hold_of(id, value)
    if not value then
        return nil
    end
    local user, item, deadline, keyed = string.match(value, '^([^\t]+)\t([^\t]+)\t(%d+)\t([01x])$')
    if not user then
        return nil
    end
    return { id = id, user = user, item = item, deadline = deadline, keyed = keyed }
end

-- Plans the end of open holds: their units and their users' quotas are free again. False if a count disagrees.
local function give_back(holds, kind)
    local users, lines = {}, {}
    for i = 1, #holds do
        users[i] = holds[i].user
    end
    count_users(users)
    for i = 1, #holds do
        local hold = holds[i]
        local user, id = hold.user, hold.id
        counts[user] = counts[user] - 1
        if counts[user] < 0 then
            return false
        end
        touched[user] = true
        plan.undate[#plan.undate + 1] = id
        if hold.keyed == '1' then
            local tombstone = user .. '\t' .. hold.item .. '\t' .. hold.deadline .. '\tx'
            plan.keep[#plan.keep + 1] = id
            plan.keep[#plan.keep + 1] = tombstone
            gone[id] = tombstone
        else
            plan.drop[#plan.drop + 1] = id
            gone[id] = false
        end
        lines[i] = (hold.index or i - 1) .. '\t' .. id .. '\t' .. user .. '\t' .. hold.item .. '\n'
    end
    if #holds > 0 then
        sale.free = sale.free + #holds
        sale.held = sale.held - #holds
        journal(LEDGER, next_seq(), 'k', kind, 'p', table.concat(lines))
    end
    return true
end

-- Ids of at most `limit` holds that have lapsed, the oldest deadline first.
local function lapsed(limit)
    return redis.call('ZRANGEBYSCORE', DEADLINES, '-inf', text(now), 'LIMIT', 0, limit)
end

-- Plans the expiry of these holds; false if one of them is damaged.
local function expire(ids)
    local values, holds = fetch(HOLDS, ids), {}
    for i = 1, #ids do
        local hold = hold_of(ids[i], values[i])
        if not hold or hold.keyed == 'x' then
            return false
        end
        holds[i] = hold
    end
    return give_back(holds, 'expired')
end

local function write_counts()
    local set, removed = {}, {}
    for user in pairs(touched) do
        if counts[user] > 0 then
            set[#set + 1] = user
            set[#set + 1] = counts[user]
        else
            removed[#removed + 1] = user
        end
    end
    write('HSET', USERS, set)
    write('HDEL', USERS, removed)
end

-- Writes the plan, the counters and the clock.
local function commit()
    for i = 1, #plan.journal do
        redis.call('XADD', unpack(plan.journal[i]))
    end
    write('HDEL', HOLDS, plan.drop)
    write('HSET', HOLDS, plan.keep)
    write('ZREM', DEADLINES, plan.undate)
    write('ZADD', DEADLINES, plan.date)
    write('HSET', RECEIPTS, plan.receipts)
    write('HSET', BOUGHT, plan.bought)
    write_counts()
    redis.call('HSET', SALE, 'free', sale.free, 'held', sale.held, 'sold', sale.sold, 'seq', text(sale.seq),
        'now_us', text(now))
end

