-- KEYS: 1 agenda, 2 held
-- ARGV: 1 how many at most, 2 how long a lease lasts in ms, JSON {kind: ms}
-- Leases what is due and not held, of the kinds that have a term: others are a later version's. A lease is an entry of
-- held, scored with its end; when a member is due it leaves alone. One that ends later than any could is none: Redis's
-- clock was ahead. A due time that is none, infinite or a fraction, is made now.
-- Answers JSON: now, next (when the next member that is not held is due; 0: none), leases [{member, due, token}].
local agenda, held = unpack(KEYS)
local most, terms, now = tonumber(ARGV[1]), cjson.decode(ARGV[2]), clock()
local leases, next, from, page = {}, 0, 0, 128
repeat
  local members = redis.call('ZRANGE', agenda, from, from + page - 1, 'WITHSCORES')
  for n = 1, #members, 2 do
    local member, due = members[n], tonumber(members[n + 1])
    local term = terms[string.match(member, '^[^:]*:') or '']
    local ends = term and tonumber(redis.call('ZSCORE', held, member) or 0)
    if not due or due % 1 ~= 0 or math.abs(due) > 1e13 then
      due = now
      redis.call('ZADD', agenda, due, member)
    end
    if term and (ends <= now or ends > now + term) then
      if due > now or #leases == most then
        next, members = due, {}
        break
      end
      local token = now + term
      redis.call('ZADD', held, token, member)
      leases[#leases + 1] = {member = member, due = due, token = token}
    end
  end
  from = from + page
until #members < 2 * page
redis.call('ZREMRANGEBYSCORE', held, '-inf', now) -- last: behind it, a Redis without memory would refuse no lease
if #leases == 0 then
  leases = nil
end
return cjson.encode({now = now, next = next, leases = leases})
