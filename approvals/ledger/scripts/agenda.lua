-- KEYS: 1 agenda of versions whose leases were due times, 2 that of this one
-- ARGV: 1 how many members at most
-- Takes over what is due, where it is not due sooner already. What such a version has in hand is due here when its lease ends.
-- Answers JSON: now, moved (how many).
local members = redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1, 'WITHSCORES')
for n = 1, #members, 2 do
  local due = redis.call('ZSCORE', KEYS[2], members[n])
  if not due or tonumber(due) > tonumber(members[n + 1]) then
    redis.call('ZADD', KEYS[2], members[n + 1], members[n])
  end
  redis.call('ZREM', KEYS[1], members[n])
end
return cjson.encode({now = clock(), moved = #members / 2})
