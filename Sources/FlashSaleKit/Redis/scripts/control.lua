-- Changes a running sale at an operator's wish. ARGV: 3 operation, 4 value, 5 who, 6 why.
-- Reply: O, now, changed | unchanged | refused.
local refusal = load()
if refusal then
    return refusal
end
local operation, value, who, why = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local switches = {
    pause_checkout = { 'checkout_paused', 1 },
    resume_checkout = { 'checkout_paused', 0 },
    pause_purchase = { 'purchase_paused', 1 },
    resume_purchase = { 'purchase_paused', 0 },
}

-- Sets a field of the sale and puts it on the ledger.
local function set(field, new)
    journal(LEDGER, next_seq(), 'k', 'control', 'p',
        '0\t' .. field .. '\t' .. new .. '\t' .. who .. '\t' .. why .. '\n')
    commit()
    redis.call('HSET', SALE, field, new)
    return { 'O', text(now), 'changed' }
end

local function unchanged()
    return { 'O', text(now), 'unchanged' }
end

local function refused()
    return { 'O', text(now), 'refused' }
end

if operation == 'withdraw' then
    if sale.finished then
        return unchanged()
    end
    -- Whatever was decided since the caller looked has taken a step.
    if sale.held > 0 or sale.sold > 0 or sale.seq ~= tonumber(value) then
        return refused()
    end
    return set('state', 'finished')
end
if operation == 'finish' then
    if sale.finished then
        return unchanged()
    end
    if now < sale.closes or sale.held > 0 then
        return refused()
    end
    return set('state', 'finished')
end
if sale.finished then
    return { 'C', text(now) }
end
if switches[operation] then
    local field, new = switches[operation][1], switches[operation][2]
    if sale[field] == (new == 1) then
        return unchanged()
    end
    return set(field, new)
end
if operation == 'limit' then
    local limit = tonumber(value)
    if limit == sale.limit then
        return unchanged()
    end
    -- The ceiling of the sale is promised; only less than that can be allowed.
    if not limit or limit < 1 or limit > sale.limit or limit ~= math.floor(limit) then
        return refused()
    end
    return set('limit', text(limit))
end
if operation == 'ban' or operation == 'unban' then
    -- The empty field is the sentinel.
    if value == '' then
        return refused()
    end
    local is_banned = redis.call('HEXISTS', BANNED, value) == 1
    if is_banned == (operation == 'ban') then
        return unchanged()
    end
    journal(LEDGER, next_seq(), 'k', operation, 'p', '0\t' .. value .. '\t' .. why .. '\t' .. who .. '\n')
    commit()
    if is_banned then
        redis.call('HDEL', BANNED, value)
    else
        redis.call('HSET', BANNED, value, why)
    end
    return { 'O', text(now), 'changed' }
end
return redis.error_reply('ERR unknown operation ' .. operation)
