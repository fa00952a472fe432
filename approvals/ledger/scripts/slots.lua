-- KEYS: 1 window, 2 hold of the first version; 3 window, 4 hold of this one
-- Counts the calls that the first version made into this one's window. It changes nothing of the old one.
-- Answers JSON: now, moved (how many).
local now = clock()
local slots = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for n = 1, #slots, 2 do
  redis.call('ZADD', KEYS[3], slots[n + 1], slots[n])
end
if #slots > 0 then
  redis.call('PEXPIRE', KEYS[3], kept)
end
local hold = tonumber(redis.call('GET', KEYS[2]) or 0)
if hold > math.max(now, tonumber(redis.call('GET', KEYS[4]) or 0)) then
  redis.call('SET', KEYS[4], hold)
end
return cjson.encode({now = now, moved = #slots / 2})
