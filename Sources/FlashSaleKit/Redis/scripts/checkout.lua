-- Decides a batch of checkouts. ARGV: 3 count, 4 payload "user\titem\n" for each, 5 hold ids of 32 digits each or
-- empty, 6 empty or for each attempt '1' if an Idempotency-Key chose its code, 'r' if it did and the attempt may only
-- get the hold that it has: it is not decided otherwise (letter O, no record). Else '0'. A hold id that was settled
-- gets no unit any more and is not decided either.
-- Reply: O, now, letters (one for all or one for each), deadline of new holds, flat triples (index from 1, item,
-- deadline) of the attempts whose hold exists.
local MOST_LAPSED = 1000

local refusal = load()
if refusal then
    return refusal
end
if now < sale.opens then
    return { 'N', text(now) }
end
if sale.finished or now >= sale.closes then
    return { 'C', text(now) }
end
if sale.checkout_paused then
    return { 'P', text(now) }
end

local count, payload, ids, keyed = tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
if not count or count < 1 or (#ids ~= 0 and #ids ~= 32 * count) or (#keyed ~= 0 and #keyed ~= count) then
    return redis.error_reply('ERR the parts of this batch have different lengths')
end

-- Whatever has lapsed is sellable now: no sweep needs to come first.
if sale.free < count then
    local due = lapsed(MOST_LAPSED)
    if #ids == 0 and (sale.free > 0 or #due > 0) then
        return { 'R', text(now) }
    end
    if #due > 0 and not expire(due) then
        return damaged('a lapsed hold is missing')
    end
elseif #ids == 0 then
    return { 'R', text(now) }
end

local free, held, sold = text(sale.free), text(sale.held), text(sale.sold)
local deadline = text(now + sale.hold_us)
local banned_users = redis.call('HLEN', BANNED) > 1

local function journal_attempts(letters)
    local seq = next_seq()
    journal(ATTEMPTS, seq, 'n', ARGV[3], 'f', free, 'h', held, 's', sold, 'o', letters, 'p', payload)
    return seq
end

-- Nothing to sell, and nothing about any single attempt could change that: the payload is not even read.
if sale.free == 0 and not banned_users and #keyed == 0 then
    journal_attempts('S')
    commit()
    return { 'O', text(now), 'S', deadline, {} }
end

local users, items = {}, {}
for user, item in string.gmatch(payload, '([^\t\n]+)\t([^\t\n]+)\n') do
    users[#users + 1] = user
    items[#items + 1] = item
end
if #users ~= count then
    return redis.error_reply('ERR the payload of this batch has another number of attempts')
end

local holds = {} -- hold id by attempt
for i = 1, #ids / 32 do
    holds[i] = string.sub(ids, 32 * i - 31, 32 * i)
end

-- Hold id -> the hold, tombstone or receipt that has it already. A sold-out sale only looks for those that an
-- Idempotency-Key chose: nobody else can ask twice.
local earlier, asked = {}, {}
for i = 1, #holds do
    if sale.free > 0 or #keyed > 0 and string.sub(keyed, i, i) ~= '0' then
        asked[#asked + 1] = holds[i]
    end
end
local open, receipts = fetch(HOLDS, asked), fetch(RECEIPTS, asked)
-- The buyers of settled ids were told that their outcome is unknown, and have asked again.
local settled = {}
if #asked > 0 and redis.call('EXISTS', SETTLED) == 1 then
    for first = 1, #asked, CHUNK do
        local dates = redis.call('ZMSCORE', SETTLED, unpack(asked, first, math.min(first + CHUNK - 1, #asked)))
        for i = 1, #dates do
            settled[asked[first + i - 1]] = dates[i]
        end
    end
end
for i = 1, #asked do
    local id = asked[i]
    local value = open[i]
    if gone[id] ~= nil then
        value = gone[id]
    end
    if value then
        earlier[id] = hold_of(id, value)
    elseif receipts[i] then
        local user, item, ends = string.match(receipts[i], '^%d+\t%d+\t([^\t]+)\t([^\t]+)\t[^\t]*\t%d+\t(%d+)$')
        earlier[id] = { user = user, item = item, deadline = ends }
    end
end

local banned = {}
if banned_users then
    banned = fetch(BANNED, users)
end
if sale.free > 0 then
    count_users(users)
end

local letters, repeats, lines = {}, {}, {}
local decided = false
for i = 1, count do
    local user, id = users[i], holds[i]
    local letter
    if id and earlier[id] then
        -- Hold ids depend on the user: another user with the same one is a fault, not a buyer.
        if earlier[id].user ~= user then
            return redis.error_reply('ERR a hold id of this batch belongs to another user')
        end
        letter = 'h'
        repeats[#repeats + 1] = i
        repeats[#repeats + 1] = earlier[id].item
        repeats[#repeats + 1] = earlier[id].deadline
    elseif settled[id] or string.sub(keyed, i, i) == 'r' then
        letter = 'O'
    elseif banned[i] then
        letter = 'B'
    elseif sale.free == 0 then
        letter = 'S'
    elseif counts[user] >= sale.limit then
        letter = 'L'
    else
        letter = 'H'
        local item, flag = items[i], #keyed > 0 and string.sub(keyed, i, i) or '0'
        sale.free = sale.free - 1
        sale.held = sale.held + 1
        counts[user] = counts[user] + 1
        touched[user] = true
        earlier[id] = { user = user, item = item, deadline = deadline }
        plan.keep[#plan.keep + 1] = id
        plan.keep[#plan.keep + 1] = user .. '\t' .. item .. '\t' .. deadline .. '\t' .. flag
        plan.date[#plan.date + 1] = deadline
        plan.date[#plan.date + 1] = id
        lines[#lines + 1] = (i - 1) .. '\t' .. id .. '\t' .. user .. '\t' .. item .. '\t' .. flag .. '\n'
    end
    decided = decided or letter ~= 'h' and letter ~= 'O'
    letters[i] = letter
end

letters = table.concat(letters)
if letters == string.rep(string.sub(letters, 1, 1), count) then
    letters = string.sub(letters, 1, 1)
end
if decided then
    -- On the journal both are attempts without a record.
    local seq = journal_attempts((string.gsub(letters, 'O', 'h')))
    if #lines > 0 then
        journal(LEDGER, seq, 'k', 'held', 'p', table.concat(lines), 'd', deadline)
    end
end
commit()
return { 'O', text(now), letters, deadline, repeats }
