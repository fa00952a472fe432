-- KEYS: 1 queue, 2 window, 3 hold
-- ARGV: 1 limits, JSON [[calls, ms], ...], 2 how many calls are asked about
-- Answers JSON: now, used (for each limit, how many slots count now), ahead (how many calls wait), at (when the last of
-- the calls asked about may go, behind those; not later than now: all may).
local now = clock()
local limits, used = cjson.decode(ARGV[1]), {}
for i, limit in ipairs(limits) do
  used[i] = redis.call('ZCOUNT', KEYS[2], now - limit[2] - margin, '+inf')
end
local ahead = redis.call('ZCARD', KEYS[1])
local at = opens(KEYS[2], tonumber(redis.call('GET', KEYS[3]) or 0), limits, ahead + ARGV[2] - 1, now)
return cjson.encode({now = now, used = used, ahead = ahead, at = at})
