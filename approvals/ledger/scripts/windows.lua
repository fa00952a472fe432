-- KEYS: queue, window and hold of each endpoint
-- ARGV: 1 limits of each endpoint, JSON [[[calls, ms], ...], ...]
-- Answers JSON: now, windows [{used (for each limit, how many slots count now), next (for each limit, when its next slot
-- comes; 0: there is one), waiting (how many calls stand in line), oldest (when the first of them was approved; 0: none
-- stands there), held (until when nobody may call; 0: everybody may)}, ...].
local now, windows = clock(), {}
for n, limits in ipairs(cjson.decode(ARGV[1])) do
  local queue, window, hold = KEYS[3 * n - 2], KEYS[3 * n - 1], KEYS[3 * n]
  local w = {used = {}, next = {}, waiting = redis.call('ZCARD', queue), held = tonumber(redis.call('GET', hold) or 0)}
  w.oldest = math.floor(tonumber(redis.call('ZRANGE', queue, 0, 0, 'WITHSCORES')[2] or 0))
  for i, limit in ipairs(limits) do
    local calls, span = limit[1], limit[2] + margin
    w.used[i], w.next[i] = redis.call('ZCOUNT', window, now - span, '+inf'), 0
    if w.used[i] >= calls then
      local slot = redis.call('ZREVRANGE', window, calls - 1, calls - 1, 'WITHSCORES')
      w.next[i] = tonumber(slot[2]) + span + 1
    end
  end
  if w.held <= now then
    w.held = 0
  end
  windows[n] = w
end
return cjson.encode({now = now, windows = windows})
