-- KEYS: 1 agenda, 2 held, 3 audit, 4 doubt, 5 frozen
-- ARGV: 1 how many at most, 2 how long a lease lasts in ms, JSON {kind: ms}, 3 the newest audit entry that the caller has
-- seen, 4 for how long they are kept at least, in ms, 5 the audit entry that tells of lost changes, 6 the freeze that the
-- caller knows as in force (empty: none), 7 the audit entry that tells that it was put back
-- Leases what is due and not held, of the kinds that have a term: others are a later version's. A lease is an entry of
-- held, scored with its end; when a member is due it leaves alone. One that ends later than any could is none: Redis's
-- clock was ahead. A due time that is none, infinite or a fraction, is made now.
-- If the entry that the caller has seen is gone, Redis has lost changes: calls of requests from before now may have been sent.
-- Several processes notice that; the first of them writes it down. A freeze that is lost with them is put back: nobody has
-- lifted it, or that is lost, too.
-- Answers JSON: now, next (when there is something to lease: the next member that is not held is due, or the lease of one that
-- is due ends; 0: never), leases [{member, due, token}], newest
-- (audit entry), lost (true, or absent), first (true: nobody had noticed), doubt (when
-- that was last noticed; 0: never), server, freeze (that in force, or absent).
local agenda, held, audit, doubt, frozen = unpack(KEYS)
local most, terms, now = tonumber(ARGV[1]), cjson.decode(ARGV[2]), clock()
local freeze = redis.call('GET', frozen) or nil -- a key of another type fails here, and not behind what is leased
local freed -- when the first lease ends of what is due
local leases, next, from, page = {}, 0, 0, 2 -- mostly little is due, and what a page has beyond that was read for nothing
repeat
  local members = redis.call('ZRANGE', agenda, from, from + page - 1, 'WITHSCORES')
  local more, moved = #members == 2 * page, 0
  for n = 1, #members, 2 do
    local member, due = members[n], tonumber(members[n + 1])
    local term = terms[string.match(member, '^[^:]*:') or '']
    local ends = term and tonumber(redis.call('ZSCORE', held, member) or 0)
    if not due or due % 1 ~= 0 or math.abs(due) > 1e13 then
      due, moved = now, moved + 1
      redis.call('ZADD', agenda, due, member)
    end
    if term and (ends <= now or ends > now + term) then
      if due > now or #leases == most then
        next, more = due, false
        break
      end
      local token = now + term
      redis.call('ZADD', held, token, member)
      leases[#leases + 1] = {member = member, due = due, token = token}
    elseif term and due <= now then
      freed = math.min(freed or ends, ends)
    end
  end
  from, page = from + page - moved, math.min(2 * page, 128)
until not more
if freed and (next == 0 or freed < next) then
  next = freed
end
redis.call('ZREMRANGEBYSCORE', held, '-inf', now) -- last: behind it, a Redis without memory would refuse no lease
if #leases == 0 then
  leases = nil
end
local gone, first
local since = tonumber(redis.call('GET', doubt) or 0)
local newest = redis.call('XREVRANGE', audit, '+', '-', 'COUNT', 1)[1]
newest = newest and newest[1] or ''
if newest ~= ARGV[3] and lost(audit, ARGV[3], tonumber(ARGV[4]), now) then
  gone = true
  if since < millisOf(ARGV[3]) then
    since = math.max(now, millisOf(ARGV[3])) -- the clock of this server may be behind
    newest = redis.call('XADD', audit, '*', 'e', ARGV[5])
    redis.call('SET', doubt, string.format('%.0f', since))
    for _, member in ipairs(redis.call('ZRANGE', agenda, 0, -1)) do -- what cannot be known any more has to be said
      redis.call('ZADD', agenda, now, member)
    end
    first = true
  end
  if not freeze and ARGV[6] ~= '' then
    newest = redis.call('XADD', audit, '*', 'e', ARGV[7])
    redis.call('SET', frozen, ARGV[6])
    hasten(agenda, held, now)
    freeze = ARGV[6]
  end
end
return cjson.encode({now = now, next = next, leases = leases, newest = newest, lost = gone, first = first, doubt = since, server = server(),
  freeze = freeze})
