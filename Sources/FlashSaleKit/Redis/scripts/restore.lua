-- Opens a new sale, or one that was fenced, in steps. ARGV: 1 epoch, 3 step, then the values of the step.
-- Reply: O, now, 'done' or one sentence why nothing was written.
-- The field keys_epoch is the epoch in the sentinels; it is missing while the keys are incomplete.
local fenced = redis.call('HMGET', SALE, 'epoch', 'state', 'now_us')
local time = redis_time()
local clock = tonumber(fenced[3]) or 0
now = math.max(time, clock)
if fenced[1] ~= ARGV[1] or fenced[2] ~= 'recovering' then
    return { 'E', text(now) }
end

local MOST_LINES = 1000
local HASHES = { USERS, BOUGHT, BANNED, HOLDS, RECEIPTS }
local steps = {}

local function reply(sentence)
    return { 'O', text(now), sentence }
end

-- The fields of each line of ARGV[4]; nil if a line has another number of fields.
local function parse(fields)
    local pattern = '^([^\t\n]*)' .. string.rep('\t([^\t\n]*)', fields - 1) .. '\n$'
    local rows, length = {}, 0
    for line in string.gmatch(ARGV[4], '[^\n]*\n') do
        local row = { string.match(line, pattern) }
        if #row ~= fields or row[1] == '' then
            return nil
        end
        rows[#rows + 1] = row
        length = length + #line
    end
    if #rows > MOST_LINES or length ~= #ARGV[4] then
        return nil
    end
    return rows
end

-- The rows whose hold is not in the hash yet, each once.
local function new_rows(rows, key)
    local ids, seen, new = {}, {}, {}
    for i = 1, #rows do
        ids[i] = rows[i][1]
    end
    local values = fetch(key, ids)
    for i = 1, #rows do
        if not values[i] and not seen[ids[i]] then
            seen[ids[i]] = true
            new[#new + 1] = rows[i]
        end
    end
    return new
end

local function add_units(rows, user_field)
    local users = {}
    for i = 1, #rows do
        users[i] = rows[i][user_field]
    end
    count_users(users)
    for i = 1, #users do
        counts[users[i]] = counts[users[i]] + 1
        touched[users[i]] = true
    end
end

-- Lets the sale go on, in the state in which it was.
local function reopen()
    local state = redis.call('HGET', SALE, 'finished') == '1' and 'finished' or 'open'
    redis.call('HSET', SALE, 'state', state, 'keys_epoch', ARGV[1])
    redis.call('HDEL', SALE, 'finished', 'highest_unit', 'rebuilding')
    -- Batches of an older epoch are refused.
    redis.call('UNLINK', SETTLED)
end

function steps.adopt()
    local keys_epoch = redis.call('HGET', SALE, 'keys_epoch')
    if not keys_epoch or keys_epoch ~= ARGV[4] then
        return reply('the keys were not completed at epoch ' .. ARGV[4])
    end
    local _, state = read_sale()
    if not state then
        return reply('a field of the sale is missing')
    end
    local why = damage(keys_epoch)
    if not why and redis.call('HLEN', HOLDS) - 1 < sale.held then
        why = HOLDS .. ' disagrees with held'
    end
    if why then
        return reply(why)
    end
    for i = 1, #HASHES do
        redis.call('HSET', HASHES[i], '', ARGV[1])
    end
    redis.call('ZREM', DEADLINES, 'epoch:' .. keys_epoch)
    redis.call('ZADD', DEADLINES, '+inf', 'epoch:' .. ARGV[1])
    reopen()
    return reply('done')
end

-- The id after this one, nil if it is no id.
local function next_id(id)
    local ms, seq = string.match(id, '^(%d+)%-(%d+)$')
    if not ms then
        return nil
    end
    if #seq > 15 then
        return text(tonumber(ms) + 1) .. '-0'
    end
    return ms .. '-' .. text(tonumber(seq) + 1)
end

function steps.begin()
    if redis.call('HGET', SALE, 'removed') then
        return reply('it was finished, and its keys were removed since')
    end
    local stock, limit, hold_ms, opens, closes, checkout_paused, purchase_paused, finished, seq, floor, ledger_id,
        attempts_id, installation, lineage = unpack(ARGV, 4, 17)
    local numbers = { stock, limit, hold_ms, opens, closes, checkout_paused, purchase_paused, finished, seq, floor }
    local ledger_floor, attempts_floor = ledger_id, attempts_id
    ledger_id, attempts_id = next_id(ledger_id or ''), next_id(attempts_id or '')
    for i = 1, 10 do
        if not tonumber(numbers[i]) then
            return reply('value ' .. i .. ' of begin is no number')
        end
    end
    if not ledger_id or not attempts_id or not installation or not lineage then
        return reply('begin needs an id for each stream, the installation and the lineage')
    end
    -- From here on what the streams have is gone: not at the word of a Postgres that another one has replaced.
    local present = redis.call('HGET', SALE, 'lineage')
    if present ~= lineage then
        return { 'I', text(now), present or '' }
    end
    redis.call('UNLINK', unpack(KEYS, 2))
    for i = 1, #HASHES do
        redis.call('HSET', HASHES[i], '', ARGV[1])
    end
    redis.call('ZADD', DEADLINES, '+inf', 'epoch:' .. ARGV[1])
    -- A stream that exists, is empty, and goes on above what Postgres has read already.
    for key, id in pairs({ [LEDGER] = ledger_id, [ATTEMPTS] = attempts_id }) do
        redis.call('XADD', key, id, 'e', ARGV[1])
        redis.call('XDEL', key, id)
    end
    redis.call('HDEL', SALE, 'keys_epoch')
    -- Only a new sale gets the format of this program.
    redis.call('HSET', SALE, 'format', seq == '0' and FORMAT or format)
    redis.call('HSET', SALE, 'stock', stock, 'free', stock, 'held', 0, 'sold', 0, 'limit', limit, 'hold_ms', hold_ms,
        'opens_us', opens, 'closes_us', closes, 'checkout_paused', checkout_paused, 'purchase_paused', purchase_paused,
        'seq', seq, 'now_us', floor, 'trimmed_to_ledger', ledger_floor, 'trimmed_to_attempts', attempts_floor,
        'installation', installation, 'highest_unit', 0, 'rebuilding', ARGV[1], 'finished', finished)
    return reply('done')
end

-- Lines "hold\tuser\titem\tdeadline\tkeyed\n".
function steps.holds()
    local rows = parse(5)
    if not rows then
        return reply('a line of the holds is unreadable, or they are too many')
    end
    local values, open, dates = {}, {}, {}
    local new = new_rows(rows, HOLDS)
    for i = 1, #new do
        local id, user, item, deadline, keyed = unpack(new[i])
        local value = user .. '\t' .. item .. '\t' .. deadline .. '\t' .. keyed
        if not hold_of(id, value) then
            return reply('the hold ' .. id .. ' is unreadable')
        end
        values[#values + 1] = id
        values[#values + 1] = value
        if keyed ~= 'x' then
            open[#open + 1] = new[i]
            dates[#dates + 1] = deadline
            dates[#dates + 1] = id
        end
    end
    add_units(open, 2)
    write('HSET', HOLDS, values)
    write('ZADD', DEADLINES, dates)
    write_counts()
    redis.call('HINCRBY', SALE, 'held', #open)
    return reply('done')
end

-- Lines "hold\tunit\tslot\tuser\titem\tticket\ttime\tdeadline\n".
function steps.receipts()
    local rows = parse(8)
    if not rows then
        return reply('a line of the receipts is unreadable, or they are too many')
    end
    local values, bought, users = {}, {}, {}
    local highest = tonumber(redis.call('HGET', SALE, 'highest_unit'))
    local new = new_rows(rows, RECEIPTS)
    for i = 1, #new do
        users[i] = new[i][4]
    end
    local slots = fetch(BOUGHT, users)
    local last_slot = {}
    for i = 1, #new do
        local unit, slot, user = tonumber(new[i][2]), tonumber(new[i][3]), new[i][4]
        if not unit or not slot or user == '' then
            return reply('the receipt ' .. new[i][1] .. ' is unreadable')
        end
        highest = math.max(highest, unit)
        last_slot[user] = math.max(last_slot[user] or tonumber(slots[i]) or 0, slot)
        values[#values + 1] = new[i][1]
        values[#values + 1] = table.concat(new[i], '\t', 2)
    end
    for user, slot in pairs(last_slot) do
        bought[#bought + 1] = user
        bought[#bought + 1] = slot
    end
    add_units(new, 4)
    write('HSET', RECEIPTS, values)
    write('HSET', BOUGHT, bought)
    write_counts()
    redis.call('HSET', SALE, 'highest_unit', highest)
    return reply('done')
end

-- Lines "user\treason\n".
function steps.bans()
    local rows = parse(2)
    if not rows then
        return reply('a line of the bans is unreadable, or they are too many')
    end
    local values = {}
    for i = 1, #rows do
        values[2 * i - 1] = rows[i][1]
        values[2 * i] = rows[i][2]
    end
    write('HSET', BANNED, values)
    return reply('done')
end

-- ARGV: 4 'opened' or 'rebuilt', 5 the number of purchases that Postgres knows.
function steps.open()
    local kind, expected = ARGV[4], tonumber(ARGV[5])
    local _, state = read_sale()
    local highest = redis.call('HGET', SALE, 'highest_unit')
    if not state or not highest then
        return reply('a field of the sale is missing')
    end
    sale.sold = redis.call('HLEN', RECEIPTS) - 1
    sale.free = sale.stock - sale.held - sale.sold
    if sale.sold ~= expected or sale.sold ~= tonumber(highest) then
        return reply(sale.sold .. ' receipts, highest unit ' .. highest .. ', expected ' .. ARGV[5])
    end
    local why = damage(ARGV[1])
    if why then
        return reply(why)
    end
    -- A clock that is far ahead is not believed here either: the first checkout asks for a confirmation.
    local confirmed = tonumber(ARGV[2])
    if time > clock + LARGEST_JUMP and not (confirmed and time <= confirmed + CONFIRMED_FOR) then
        now = clock
    end
    journal(LEDGER, next_seq(), 'k', kind, 'p', '0\t' .. text(sale.stock) .. '\t' .. text(sale.free) .. '\t'
        .. text(sale.held) .. '\t' .. text(sale.sold) .. '\n')
    commit()
    reopen()
    return reply('done')
end

-- Rows only go into keys that `begin` has emptied at this very epoch.
local needs_begin = { holds = true, receipts = true, bans = true, open = true }
if needs_begin[ARGV[3]] and redis.call('HGET', SALE, 'rebuilding') ~= ARGV[1] then
    return reply('begin was not called at this epoch')
end
local step = steps[ARGV[3]]
if not step then
    return redis.error_reply('ERR unknown step ' .. tostring(ARGV[3]))
end
return step()
