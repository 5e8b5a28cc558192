-- Turns a batch of holds into purchases. ARGV: 3 count, 4 "hold\tticket\n" for each.
-- Reply: O, now, a letter for each: P purchased, A already purchased, X lapsed, U unknown. The end of the sale does not
-- matter while a hold lives; a finished sale has none, but knows what was bought before Postgres does.
local refusal = load()
if refusal then
    return refusal
end
if sale.purchase_paused and not sale.finished then
    return { 'P', text(now) }
end

local ids, tickets = {}, {}
for id, ticket in string.gmatch(ARGV[4], '(%x+)\t([^\t\n]*)\n') do
    ids[#ids + 1] = id
    tickets[#tickets + 1] = ticket
end
if #ids ~= tonumber(ARGV[3]) then
    return redis.error_reply('ERR the payload of this batch has another number of purchases')
end

local open, receipts = fetch(HOLDS, ids), fetch(RECEIPTS, ids)
local letters, first = {}, {} -- first: hold id -> letter of its first claim in this batch
local late, paid = {}, {}
for i = 1, #ids do
    local id = ids[i]
    local hold = hold_of(id, open[i])
    if first[id] then
        letters[i] = first[id] == 'P' and 'A' or first[id]
    elseif receipts[i] then
        letters[i] = 'A'
    elseif not open[i] then
        letters[i] = 'U'
    elseif not hold then
        return damaged('a hold is unreadable')
    elseif hold.keyed == 'x' then
        letters[i] = 'X'
    elseif tonumber(hold.deadline) <= now then
        letters[i] = 'X'
        late[#late + 1] = hold
    else
        letters[i] = 'P'
        hold.index, hold.ticket = i - 1, tickets[i]
        paid[#paid + 1] = hold
    end
    first[id] = first[id] or letters[i]
end
if not give_back(late, 'expired') then
    return damaged('a user has fewer units than holds')
end

local buyers = {}
for i = 1, #paid do
    buyers[i] = paid[i].user
end
local values, slots = fetch(BOUGHT, buyers), {}
local lines = {}
for i = 1, #paid do
    local hold = paid[i]
    local user, id = hold.user, hold.id
    slots[user] = (slots[user] or tonumber(values[i]) or 0) + 1
    sale.held = sale.held - 1
    sale.sold = sale.sold + 1
    local numbers = text(sale.sold) .. '\t' .. slots[user] .. '\t'
    local buyer = user .. '\t' .. hold.item .. '\t' .. hold.ticket
    lines[i] = hold.index .. '\t' .. id .. '\t' .. numbers .. buyer .. '\n'
    plan.drop[#plan.drop + 1] = id
    plan.undate[#plan.undate + 1] = id
    plan.receipts[#plan.receipts + 1] = id
    plan.receipts[#plan.receipts + 1] = numbers .. buyer .. '\t' .. text(now) .. '\t' .. hold.deadline
    plan.bought[#plan.bought + 1] = user
    plan.bought[#plan.bought + 1] = slots[user]
end
if #lines > 0 then
    journal(LEDGER, next_seq(), 'k', 'purchased', 'p', table.concat(lines))
end
commit()
return { 'O', text(now), table.concat(letters) }
