-- KEYS: 1 window, 2 hold of the first version; 3 window, 4 hold of this one
-- ARGV: 1 for how long a slot counts, in ms
-- Counts the calls that the first version made into this one's window. It changes nothing of the old one.
-- Answers JSON: now, moved (how many).
local now = clock()
local slots = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for n = 1, #slots, 2 do
  redis.call('ZADD', KEYS[3], slots[n + 1], slots[n])
end
local last = redis.call('ZREVRANGE', KEYS[3], 0, 0, 'WITHSCORES')[2] -- a slot without an answer lies ahead
if #slots > 0 then
  redis.call('PEXPIRE', KEYS[3], math.max(last - now, 0) + ARGV[1])
end
local hold = tonumber(redis.call('GET', KEYS[2]) or 0)
if hold > math.max(now, tonumber(redis.call('GET', KEYS[4]) or 0)) then
  redis.call('SET', KEYS[4], hold, 'PX', hold - now)
end
return cjson.encode({now = now, moved = #slots / 2})
