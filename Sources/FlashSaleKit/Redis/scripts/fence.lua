-- Shuts out every older epoch, and every Postgres of an older lineage. ARGV: 1 the new epoch, 3 the lineage of the
-- Postgres that takes over, 4 the lineage that it has come through and expects here, empty when there is none.
-- Reply: O, now, previous epoch, previous state, epoch of the sentinels if the keys were whole when they were opened
-- last (each empty if there is none); or E, now, the current epoch, which is not lower; or I, now, the lineage that is
-- here instead of the expected one.
local kind = redis.call('TYPE', SALE).ok
if kind ~= 'hash' and kind ~= 'none' then
    -- Something else is in place of the sale: it is lost, and no epoch with it.
    redis.call('UNLINK', SALE)
end
local v = redis.call('HMGET', SALE, 'epoch', 'state', 'keys_epoch', 'now_us', 'lineage')
local time = text(math.max(redis_time(), tonumber(v[4]) or 0))
local current, new = tonumber(v[1]), tonumber(ARGV[1])
if current and current >= new then
    return { 'E', time, v[1] }
end
if (v[5] or '') ~= ARGV[4] then
    return { 'I', time, v[5] or '' }
end
redis.call('HSET', SALE, 'epoch', ARGV[1], 'state', 'recovering', 'lineage', ARGV[3])
if v[2] == 'finished' then
    -- It stays over, also when this recovery is killed and another one adopts the keys.
    redis.call('HSET', SALE, 'finished', 1)
end
return { 'O', time, v[1] or '', v[2] or '', v[3] or '' }
