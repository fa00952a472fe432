-- KEYS: 1 agenda, 2 the home of one person
-- ARGV: 1 the agenda's member, 2 a mark of what the home shows (empty: not known), 3 for how many ms it is open from now on
-- (0: as long as it was to), 4 in how many ms it is to be looked at (-1: when it was to be), 5 the mark that has to be there
-- ('*': any)
-- Opens a home, or notes what one shows that is open.
-- Answers JSON: now.
local agenda, home = unpack(KEYS)
local life, soon, now = tonumber(ARGV[3]), tonumber(ARGV[4]), clock()
local was = redis.call('GET', home)
if life > 0 then
  redis.call('SET', home, ARGV[2], 'PX', life)
elseif was and (ARGV[5] == '*' or ARGV[5] == was) then
  redis.call('SET', home, ARGV[2], 'KEEPTTL')
else
  return cjson.encode({now = now})
end
if soon >= 0 then
  redis.call('ZADD', agenda, now + soon, ARGV[1])
end
return cjson.encode({now = now})
