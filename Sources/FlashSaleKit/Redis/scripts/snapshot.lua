-- Reads every counter of the sale at one instant. Reply: O, time, fields of the sale, sizes of deadlines, users,
-- bought, banned, holds and receipts with their sentinels, entries of ledger and attempts, their last ids, their first
-- ids, the earliest deadline.
local time = text(redis_time())
if redis.call('EXISTS', SALE) == 0 then
    return { 'E', time }
end

local function stream(key)
    local entries, last, first = 0, '', ''
    if redis.call('EXISTS', key) == 0 then
        return entries, last, first
    end
    local info = redis.call('XINFO', 'STREAM', key)
    for i = 1, #info, 2 do
        if info[i] == 'length' then
            entries = info[i + 1]
        elseif info[i] == 'last-generated-id' then
            last = info[i + 1]
        elseif info[i] == 'first-entry' and info[i + 1] then
            first = info[i + 1][1]
        end
    end
    return entries, last, first
end

local ledger_entries, ledger_last, ledger_first = stream(LEDGER)
local attempts_entries, attempts_last, attempts_first = stream(ATTEMPTS)
local earliest = redis.call('ZRANGE', DEADLINES, 0, 0, 'WITHSCORES')
if not earliest[2] or string.sub(earliest[1], 1, 6) == 'epoch:' then
    earliest = ''
else
    earliest = earliest[2]
end
return {
    'O', time, redis.call('HGETALL', SALE), redis.call('ZCARD', DEADLINES), redis.call('HLEN', USERS),
    redis.call('HLEN', BOUGHT), redis.call('HLEN', BANNED), redis.call('HLEN', HOLDS), redis.call('HLEN', RECEIPTS),
    ledger_entries, attempts_entries, ledger_last, attempts_last, ledger_first, attempts_first, earliest,
}
