-- Gives holds back at their buyers' wish, or settles a batch of checkouts whose reply was lost: no buyer knows their
-- codes. ARGV: 3 count, 4 "hold\n" for each, 5 to settle: the epoch at which the batch was sent.
-- Reply: O, now, a letter for each: D released, A already purchased, X lapsed, U unknown.
local SETTLED_FOR = 1000000000 -- TCP goes on sending what was not acknowledged for up to 924 s
local MOST_SETTLED = 10000
local batch_epoch = ARGV[5]

local refusal = load()
if refusal then
    return refusal
end

local ids = {}
for id in string.gmatch(ARGV[4], '(%x+)\n') do
    ids[#ids + 1] = id
end
if #ids ~= tonumber(ARGV[3]) then
    return redis.error_reply('ERR the payload of this batch has another number of holds')
end

local open, receipts = fetch(HOLDS, ids), fetch(RECEIPTS, ids)
local letters, first = {}, {} -- first: hold id -> letter of its first mention in this batch
local late, released = {}, {}
for i = 1, #ids do
    local id = ids[i]
    local hold = hold_of(id, open[i])
    if first[id] then
        -- What an earlier line released is lapsed for the next one if a tombstone stays, otherwise unknown.
        letters[i] = first[id]
    elseif receipts[i] then
        letters[i] = 'A'
    elseif not open[i] then
        letters[i] = 'U'
    elseif not hold then
        return damaged('a hold is unreadable')
    elseif batch_epoch and hold.keyed == '1' then
        -- Its buyer gets the same code when asking again.
        return redis.error_reply('ERR a hold with an Idempotency-Key is not to be settled')
    elseif hold.keyed == 'x' then
        letters[i] = 'X'
    elseif tonumber(hold.deadline) <= now then
        letters[i] = 'X'
        late[#late + 1] = hold
    else
        letters[i] = 'D'
        hold.index = i - 1
        released[#released + 1] = hold
    end
    if not first[id] then
        first[id] = letters[i] == 'D' and (hold.keyed == '1' and 'X' or 'U') or letters[i]
    end
end
if not give_back(late, 'expired') or not give_back(released, 'released') then
    return damaged('a user has fewer units than holds')
end
commit()
-- At a later epoch the batch is refused. At its own it may still come, from the buffer of a socket.
if batch_epoch == ARGV[1] and not sale.finished then
    local dates = {}
    for i = 1, #ids do
        dates[2 * i - 1] = text(now + SETTLED_FOR)
        dates[2 * i] = ids[i]
    end
    write('ZADD', SETTLED, dates)
    redis.call('ZREMRANGEBYRANK', SETTLED, 0, -MOST_SETTLED - 1)
end
return { 'O', text(now), table.concat(letters) }
