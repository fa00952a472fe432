-- KEYS: 1 agenda, 2 held
-- ARGV: 1 member, 2 token, 3 when it was due as it was leased, 4 when it is due again (0: never), 5 others, JSON [{member, at}]
-- Gives a lease back, if it is still in force. What was set anew meanwhile stays so. The others are put on the agenda
-- where they are missing.
-- Answers JSON: now.
local agenda, held = unpack(KEYS)
local member, due = ARGV[1], tonumber(ARGV[4])
if tonumber(redis.call('ZSCORE', held, member) or 0) == tonumber(ARGV[2]) then
  redis.call('ZREM', held, member)
  if tonumber(redis.call('ZSCORE', agenda, member) or 0) == tonumber(ARGV[3]) then
    if due == 0 then
      redis.call('ZREM', agenda, member)
    else
      redis.call('ZADD', agenda, due, member)
    end
  end
end
for _, other in ipairs(cjson.decode(ARGV[5])) do
  if not redis.call('ZSCORE', agenda, other.member) then
    redis.call('ZADD', agenda, other.at, other.member)
  end
end
return cjson.encode({now = clock()})
