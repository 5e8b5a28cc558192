-- Shuts out every older epoch. ARGV: 1 the new epoch.
-- Reply: O, now, previous epoch, previous state, epoch of the sentinels if the keys were whole when they were opened
-- last (each empty if there is none); or E, now, the current epoch, which is not lower.
local kind = redis.call('TYPE', SALE).ok
if kind ~= 'hash' and kind ~= 'none' then
    -- Something else is in place of the sale: it is lost, and no epoch with it.
    redis.call('UNLINK', SALE)
end
local v = redis.call('HMGET', SALE, 'epoch', 'state', 'keys_epoch', 'now_us')
local time = text(math.max(redis_time(), tonumber(v[4]) or 0))
local current, new = tonumber(v[1]), tonumber(ARGV[1])
if current and current >= new then
    return { 'E', time, v[1] }
end
redis.call('HSET', SALE, 'epoch', ARGV[1], 'state', 'recovering')
if v[2] == 'finished' then
    -- It stays over, also when this recovery is killed and another one adopts the keys.
    redis.call('HSET', SALE, 'finished', 1)
end
return { 'O', time, v[1] or '', v[2] or '', v[3] or '' }
