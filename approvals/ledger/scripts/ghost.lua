-- KEYS: 1 request, 2 agenda, 3 held, 4 and on: the queues
-- ARGV: 1 id, 2 its members of the agenda, JSON
-- Takes out what names a request that is gone. Whoever is first in a queue then is due now.
-- Answers JSON: now, freed (how many members and turns), or there (true: the request is not gone).
local agenda, held, now, freed = KEYS[2], KEYS[3], clock(), 0
if redis.call('GET', KEYS[1]) then
  return cjson.encode({now = now, there = true})
end
for _, member in ipairs(cjson.decode(ARGV[2])) do
  freed = freed + redis.call('ZREM', agenda, member)
  redis.call('ZREM', held, member)
end
for n = 4, #KEYS do
  for _, turn in ipairs(redis.call('ZRANGE', KEYS[n], 0, -1)) do
    if string.match(turn, '^[^/]+') == ARGV[1] then
      freed = freed + redis.call('ZREM', KEYS[n], turn)
    end
  end
  local head = redis.call('ZRANGE', KEYS[n], 0, 0)[1]
  local first = head and string.match(head, '^[^/]+')
  if first and tonumber(redis.call('ZSCORE', agenda, first) or now + 1) > now then
    redis.call('ZADD', agenda, now, first)
  end
end
return cjson.encode({now = now, freed = freed})
