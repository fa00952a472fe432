-- KEYS: 1 agenda
-- ARGV: 1 how many at most, 2 lease of a request in ms, 3 lease of a card in ms
-- Claims what is due by moving its score ahead by a lease; that score is the token that finish.lua wants back.
-- Answers JSON: now, next (when the next member is due; 0: none), claims [{member, token}].
local agenda = KEYS[1]
local now = clock()
local claims = {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', agenda, '-inf', now, 'LIMIT', 0, ARGV[1])) do
  local lease = string.sub(member, 1, 5) == 'card:' and ARGV[3] or ARGV[2]
  local token = now + lease
  redis.call('ZADD', agenda, token, member)
  claims[#claims + 1] = {member = member, token = token}
end
local first = redis.call('ZRANGE', agenda, 0, 0, 'WITHSCORES')
if #claims == 0 then
  claims = nil
end
return cjson.encode({now = now, next = tonumber(first[2] or 0), claims = claims})
