-- KEYS: 1 op, 2 request, 3 agenda, 4 held, 5 index, 6 audit, 7 queue, 8 window, 9 hold, 10 doubt, 11 ended,
-- 12 frozen, 13 reach, 14 forced, 15 alarms
-- ARGV: 1 change, JSON as change.go writes it, 2 the new record (empty: forgotten), 3 the audit entry (empty: none): texts of
-- their own, so that nobody escapes and unescapes them
-- Changes one request and all that follows from it, or nothing. Checks come first, writes last, and of the writes the
-- audit entry first. Redis does not roll back a script that fails: an error after the first write begins with HALFWAY.
-- Answers JSON: status (ok, repeat, reused, late, conflict, taken, many, full, doubted, elsewhere, ended, frozen,
-- refrozen, beyond), now, and what belongs to the status.
local op, request, agenda, held, index, audit, queue, window, hold, doubt, ended, frozen, reach, forced, alarms = unpack(KEYS)
local c, record, entry = cjson.decode(ARGV[1]), ARGV[2], ARGV[3]
local now = clock()

local function answer(status, more)
  more = more or {}
  more.status, more.now = status, now
  return cjson.encode(more)
end

local function score(set, member)
  return tonumber(redis.call('ZSCORE', set, member) or 0)
end

-- place tells whoever goes on with the request's clock when it is due, and the token.
local function place(more)
  if c.lease then
    more.due, more.token = score(agenda, c.id), score(held, c.id)
  end
  return more
end

-- first is the request that is first in the queue.
local function first()
  local head = redis.call('ZRANGE', queue, 0, 0)[1]
  return head and string.match(head, '^[^/]+')
end

local before = redis.call('GET', op)
if before then
  local digest, answered = string.match(before, '^(%x*) (.*)$')
  if digest ~= (c.digest or '') then
    return answer('reused')
  end
  -- Since Redis 7.2 WAIT speaks of the last write of its connection: without one it would say nothing of the first try.
  local renewed = redis.pcall('SET', op, before, 'KEEPTTL')
  if renewed.err then
    return redis.error_reply('HALFWAY ' .. renewed.err)
  end
  return answer('repeat', place({answer = answered}))
end
-- A slot is booked by the clock as its taker knows it: one that has jumped is noticed first, and the windows with it.
if math.abs(now - c.made) > (c.take and margin or 3000) then
  return answer('late')
end
local current = redis.call('GET', request)
local version = tonumber(current and string.match(current, '^%d+') or 0)
if version ~= c.was then
  return answer('conflict', {record = current or nil})
end
local since = (c.heed or c.ended or c.offered) and redis.call('GET', ended)
if c.heed and since then
  return answer('ended', {at = tonumber(since)})
end
for _, claim in ipairs(c.claims or {}) do
  local owner = redis.call('ZRANGEBYLEX', index, '[' .. claim.prefix, '(' .. claim.prefix .. '\255', 'LIMIT', 0, 1)
  if owner[1] and owner[1] ~= claim.prefix .. claim.owner then
    return answer('taken', {claim = claim.prefix, owner = string.sub(owner[1], #claim.prefix + 1)})
  end
end
if c.most and redis.call('ZLEXCOUNT', index, '[' .. c.most.prefix, '(' .. c.most.prefix .. '\255') >= c.most.count then
  return answer('many', {claim = c.most.prefix})
end
local tallies = {reach = reach, forced = forced}
for _, t in ipairs(c.tallies or {}) do -- what lies exactly one span back has left it
  local n = redis.call('ZCOUNT', tallies[t.of], '(' .. (now - t.span), '+inf')
  if t.most > 0 and n + #t.members > t.most then
    return answer('beyond', {claim = t.of, count = n})
  end
end
local freeze = (c.take or c.thaw or c.mark) and redis.call('GET', frozen)
local order = freeze and orderOf(freeze) or ''
if c.thaw and freeze and order ~= c.thaw then
  return answer('refrozen')
end
local holdEnds = c.limits and tonumber(redis.call('GET', hold) or 0)
if c.take then
  if freeze then -- before everything else: nothing slips through, whatever this process knew
    return answer('frozen', {freeze = freeze})
  end
  if c.take.server ~= '' and c.take.server ~= server() then
    return answer('elsewhere')
  end
  if lost(audit, c.take.seen, c.take.keep, now) or c.take.asked <= tonumber(redis.call('GET', doubt) or 0) then
    return answer('doubted')
  end
  local rank = redis.call('ZRANK', queue, c.take.turn)
  if not rank then
    return answer('conflict', {record = current or nil})
  end
  local at = opens(window, holdEnds, c.limits, rank, now)
  if at > now then
    -- What keeps others waiting has to be looked at, for it may be gone: it is on the agenda, whatever became of its place there.
    if not redis.call('ZSCORE', agenda, first()) then
      redis.call('ZADD', agenda, now, first())
    end
    return answer('full', {at = at, held = holdEnds > now})
  end
end

-- What is written to below is read here: a key of another type fails while nothing is written. (SET and DEL take any, and
-- the audit entry is the first write and fails by itself.)
redis.call('ZCARD', agenda)
redis.call('ZCARD', held)
if c.add or c.drop then
  redis.call('ZCARD', index)
end
if c.limits then
  redis.call('ZCARD', queue)
  redis.call('ZCARD', window)
end
if c.alarms then
  redis.call('ZCARD', alarms)
end

local written = false
local newest -- audit entry
local soon = 0
-- set says when a member is due. Whoever holds it sees by its score alone that it was set anew, so the score of what is
-- held only ever becomes less: to look once too early does no harm.
local function set(member, at, sooner)
  local was = score(agenda, member)
  if at == 0 then
    redis.call('ZREM', agenda, member)
    return
  end
  if sooner and was > 0 then
    at = math.min(was, at)
  end
  if was > 0 and score(held, member) > now then
    at = math.min(at, was - 1)
  end
  if at ~= was then
    redis.call('ZADD', agenda, at, member)
  end
  if soon == 0 or at < soon then
    soon = at
  end
end

local function write()
  if entry ~= '' then
    newest = redis.call('XADD', audit, '*', 'e', entry)
    written = true
  end
  if record ~= '' then
    redis.call('SET', request, record)
  else
    redis.call('DEL', request)
  end
  written = true
  if c.drop then
    redis.call('ZREM', index, unpack(c.drop))
  end
  if c.add then
    local scored = {}
    for _, member in ipairs(c.add) do
      scored[#scored + 1] = '0'
      scored[#scored + 1] = member
    end
    redis.call('ZADD', index, unpack(scored))
  end
  for _, turn in ipairs(c.leave or {}) do
    redis.call('ZREM', queue, turn)
  end
  for _, turn in ipairs(c.enter or {}) do
    redis.call('ZADD', queue, turn.at, turn.turn)
  end
  if c.take then
    take(window, c.limits, c.take.slot, now + c.take.lasts, now)
  end
  if c.suspect then
    take(window, c.limits, c.suspect.slot, now + c.suspect.lasts, now) -- also where none is free: it may have been sent
  end
  if c.settle then
    if score(window, c.settle) > now then
      redis.call('ZADD', window, now, c.settle)
    end
  end
  if c.release then
    redis.call('ZREM', window, c.release)
  end
  if c.hold and c.hold > math.max(now, holdEnds) then
    redis.call('SET', hold, c.hold) -- it does not expire: see hold.lua
    holdEnds = c.hold
  end
  for _, t in ipairs(c.tallies or {}) do
    if not t.peek then
      redis.call('ZREMRANGEBYSCORE', tallies[t.of], '-inf', now - t.span)
      for _, member in ipairs(t.members) do
        redis.call('ZADD', tallies[t.of], now, member)
      end
      redis.call('PEXPIRE', tallies[t.of], kept)
    end
  end
  if c.thaw then
    redis.call('DEL', frozen)
    hasten(agenda, held, now) -- what waited goes on, and cards say so
  end
  if c.alarms then
    alarm(alarms, agenda, c.alarms, now)
    soon = now
  end
  if c.ended then
    redis.call('SET', ended, now, 'PX', c.ended)
  elseif c.offered and since then
    redis.call('DEL', ended)
  end

  if c.back and score(held, c.back.member) == c.back.token then
    redis.call('ZREM', held, c.back.member)
  end
  for _, d in ipairs(c.dues) do
    if c.waiting and d.member == c.id then
      local at = opens(window, holdEnds, c.limits, redis.call('ZRANK', queue, c.waiting) or 0, now)
      d.at = d.at == 0 and at or math.min(d.at, at)
    end
    if c.mark and c.mark ~= order and d.member == c.id then -- its card has to say something else
      d.at = now
    end
    set(d.member, d.at, d.sooner)
  end
  if c.lease then
    redis.call('ZADD', held, now + c.lease, c.id)
  end

  -- Whoever is first in the queue is on the agenda for the moment the next slot is free.
  if c.moves then
    local id = first()
    if id and id ~= c.id then
      set(id, opens(window, holdEnds, c.limits, 0, now), true)
    end
  end

  redis.call('SET', op, (c.digest or '') .. ' ' .. c.id, 'PX', '900000')
end

local done, failure = pcall(write)
if not done then
  local words = type(failure) == 'table' and failure.err or tostring(failure)
  return redis.error_reply(written and 'HALFWAY ' .. words or words)
end
return answer('ok', place({soon = soon, newest = newest}))
