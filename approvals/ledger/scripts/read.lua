-- KEYS: 1 window, 2 hold, 3 the reads of one person there, if they are a person's
-- ARGV: 1 the slot's name, 2 how long the read can last in ms, 3 how many reads, 4 what time it is, as far as the caller
-- knows, 5 and 6 a limit: how many calls in how many ms, 7 and 8 another, and so on
-- Books slots of a window for reads, all or none. A person gets no more than half of what others leave, so that there
-- is always something left for one who comes now. It books none for a caller who may not know that Redis's clock has jumped.
-- Answers JSON: now, late (it has to be asked again), at (when it may go; not later than now: it may go and they are booked).
local window, hold, own = unpack(KEYS)
local lasts, count, now, limits = tonumber(ARGV[2]), tonumber(ARGV[3]), clock(), {}
if math.abs(now - ARGV[4]) > margin then
  return string.format('{"now":%.0f,"late":true}', now)
end
for n = 5, #ARGV, 2 do
  limits[#limits + 1] = {tonumber(ARGV[n]), tonumber(ARGV[n + 1])}
end

-- fair says when a person who has made `mine` reads of `all` may make `count` more: as many of theirs as are too many
-- have left by then.
local function fair()
  local at = now
  for _, limit in ipairs(limits) do
    local calls, span = limit[1], limit[2] + margin
    local mine = redis.call('ZCOUNT', own, now - span, '+inf')
    local others = redis.call('ZCOUNT', window, now - span, '+inf') - mine
    local share = math.max(count, math.ceil((calls - others) / 2))
    local more = mine + count - share
    if more > 0 then
      local slot = redis.call('ZREVRANGE', own, mine - more, mine - more, 'WITHSCORES')
      at = math.max(at, tonumber(slot[2]) + span + 1)
    end
  end
  return at
end

local at = opens(window, tonumber(redis.call('GET', hold) or 0), limits, count - 1, now)
if own then
  redis.call('ZREMRANGEBYSCORE', own, now + lasts + 1, '+inf') -- of a time when Redis's clock was ahead
  at = math.max(at, fair())
end
for n = 1, at <= now and count or 0 do
  local slot = ARGV[1] .. '/' .. n
  take(window, limits, slot, now + lasts, now)
  if own then
    take(own, limits, slot, now + lasts, now)
    redis.call('PEXPIRE', own, 7200000) -- there are many people, and a share that is lost does no harm
  end
end
return string.format('{"now":%.0f,"at":%.0f}', now, at)
