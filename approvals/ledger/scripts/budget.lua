-- KEYS: 1 queue, 2 window
-- ARGV: 1 limits, JSON [[calls, ms], ...]
-- Answers JSON: now, used (for each limit, how many slots count now), ahead (how many calls wait).
local now = clock()
local used = {}
for i, limit in ipairs(cjson.decode(ARGV[1])) do
  used[i] = redis.call('ZCOUNT', KEYS[2], now - limit[2] - margin, '+inf')
end
return cjson.encode({now = now, used = used, ahead = redis.call('ZCARD', KEYS[1])})
