-- Gives lapsed holds back and advances the clock of the sale. ARGV: 3 most holds of this call.
-- Reply: O, now, holds given back, 1 if others are due.
local refusal = load()
if refusal then
    return refusal
end
if sale.finished then
    return { 'C', text(now) }
end
local most = math.min(tonumber(ARGV[3]), CHUNK)
local due = lapsed(most + 1)
local more = 0
if #due > most then
    due[#due] = nil
    more = 1
end
if not expire(due) then
    return damaged('a lapsed hold is missing')
end
commit()
redis.call('ZREMRANGEBYSCORE', SETTLED, '-inf', text(now))
return { 'O', text(now), #due, more }
