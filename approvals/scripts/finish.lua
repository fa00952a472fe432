-- KEYS: 1 agenda
-- ARGV: 1 member, 2 token, 3 when to look again in ms (0: not at all)
-- Gives a claim back. A claim that somebody else has by now, or that a commit has set anew, is left alone.
-- Answers JSON: now.
local agenda, member, at = KEYS[1], ARGV[1], tonumber(ARGV[3])
if tonumber(redis.call('ZSCORE', agenda, member) or 0) == tonumber(ARGV[2]) then
  if at == 0 then
    redis.call('ZREM', agenda, member)
  else
    redis.call('ZADD', agenda, at, member)
  end
end
return cjson.encode({now = clock()})
