-- KEYS: 1 agenda
-- Makes all that is on the agenda due now, unless it is due already: to look once too early does no harm.
-- Answers JSON: now.
local agenda, now = KEYS[1], clock()
local members = redis.call('ZRANGE', agenda, 0, -1, 'WITHSCORES')
for n = 1, #members, 2 do
  if tonumber(members[n + 1]) > now then
    redis.call('ZADD', agenda, now, members[n])
  end
end
return cjson.encode({now = now})
