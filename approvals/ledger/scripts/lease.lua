-- KEYS: 1 agenda, 2 held
-- ARGV: 1 how many at most, 2 how long a lease lasts in ms, JSON {kind: ms}
-- Leases what is due and not held, of the kinds that have a term: others are a later version's. A lease is an entry of held, scored with its end; when a member is due it leaves alone.
-- Answers JSON: now, next (when the next member that is not held is due; 0: none), leases [{member, due, token}].
local agenda, held = unpack(KEYS)
local most, terms, now = tonumber(ARGV[1]), cjson.decode(ARGV[2]), clock()
local leases, next = {}, 0
local members = redis.call('ZRANGE', agenda, 0, most + redis.call('ZCARD', held), 'WITHSCORES')
for n = 1, #members, 2 do
  local member, due = members[n], tonumber(members[n + 1])
  local term = terms[string.match(member, '^%l+:') or '']
  if term and tonumber(redis.call('ZSCORE', held, member) or 0) <= now then
    if due > now or #leases == most then
      next = due
      break
    end
    local token = now + term
    redis.call('ZADD', held, token, member)
    leases[#leases + 1] = {member = member, due = due, token = token}
  end
end
redis.call('ZREMRANGEBYSCORE', held, '-inf', now) -- last: behind it, a Redis without memory would refuse no lease
if #leases == 0 then
  leases = nil
end
return cjson.encode({now = now, next = next, leases = leases})
