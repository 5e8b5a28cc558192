-- The end of a finished sale: `check` only looks, `book` notes which Postgres has it, `remove` removes the keys and
-- leaves the hash with state, step and totals, `discard` removes what an opening that was cut short has left.
-- ARGV: 1 epoch, 3 step, 4 lineage of Postgres, 5 and 6 its cursors of ledger and attempts, 7 seconds that the hash
-- stays. Reply: O, now, 'done' or one sentence why nothing was written; or E, now when the sale is at another epoch.
local v = redis.call('HMGET', SALE, 'epoch', 'state', 'lineage', 'removed', 'seq', 'booked')
local epoch, state, lineage, removed, seq, booked = unpack(v)
local time = text(redis_time())
local step, postgres, cursors = ARGV[3], ARGV[4], { [LEDGER] = ARGV[5], [ATTEMPTS] = ARGV[6] }
local trimmed = { [LEDGER] = 'trimmed_to_ledger', [ATTEMPTS] = 'trimmed_to_attempts' }
-- Of a hash whose keys are gone: what would let a script take it for a sale that can be used.
local TERMS = { 'keys_epoch', 'limit', 'hold_ms', 'opens_us', 'closes_us', 'checkout_paused', 'purchase_paused',
    'now_us', 'trimmed_to_ledger', 'trimmed_to_attempts', 'highest_unit', 'rebuilding' }

local function reply(sentence)
    return { 'O', time, sentence }
end

-- Whether an entry is not in Postgres yet. Decimal digits are compared as they are: numbers of Lua hold 53 bits.
local function above(id, cursor)
    local ms, number = string.match(id, '^(%d+)%-(%d+)$')
    local cursor_ms, cursor_number = string.match(cursor, '^(%d+)%-(%d+)$')
    if not ms or not cursor_ms then
        return true
    end
    local a, b = ms, cursor_ms
    if a == b then
        a, b = number, cursor_number
    end
    if #a ~= #b then
        return #a > #b
    end
    return a > b
end

-- One sentence about an entry that Postgres lacks, or nil. What was trimmed beyond its cursor is proof elsewhere only.
local function undrained()
    for _, key in ipairs({ LEDGER, ATTEMPTS }) do
        local last = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)
        if last[1] and above(last[1][1], cursors[key]) then
            return key .. ' ends at ' .. last[1][1] .. ', Postgres has ' .. cursors[key]
        end
        local gone = redis.call('HGET', SALE, trimmed[key])
        if gone and above(gone, cursors[key]) then
            return key .. ' was trimmed to ' .. gone .. ', Postgres has ' .. cursors[key]
        end
    end
end

if redis.call('EXISTS', unpack(KEYS)) == 0 then
    return reply('done')
end
if lineage and lineage ~= '' and lineage ~= postgres then
    return reply('the sale in Redis belongs to Postgres ' .. lineage .. ', this one is ' .. postgres)
end
if step == 'discard' then
    if epoch and tonumber(epoch) > tonumber(ARGV[1]) then
        return { 'E', time }
    end
    -- The opening itself is step 1.
    if removed or state == 'finished' or (tonumber(seq) or 0) > 1 or redis.call('HLEN', HOLDS) > 1
        or redis.call('HLEN', RECEIPTS) > 1 or redis.call('XLEN', ATTEMPTS) > 0 then
        return reply('it was opened and used in Redis, Postgres has it as never opened')
    end
    redis.call('UNLINK', unpack(KEYS))
    return reply('done')
end
if epoch ~= ARGV[1] then
    return { 'E', time }
end
if removed then
    return reply('done')
end
if state ~= 'finished' then
    return reply('it is ' .. (state or 'without a state') .. ' in Redis, Postgres has it as finished')
end
local why = undrained()
if why then
    return reply(why)
end
if step == 'check' then
    return reply('done')
end
if step == 'book' then
    if booked ~= postgres then
        redis.call('HSET', SALE, 'booked', postgres)
    end
    return reply('done')
end
if step ~= 'remove' then
    return redis.error_reply('ERR unknown step ' .. tostring(step))
end
redis.call('UNLINK', unpack(KEYS, 2))
redis.call('HDEL', SALE, unpack(TERMS))
redis.call('HSET', SALE, 'removed', 1, 'booked', postgres)
redis.call('EXPIRE', SALE, ARGV[7])
return reply('done')
