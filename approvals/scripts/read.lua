-- KEYS: 1 window, 2 hold
-- ARGV: 1 limits, JSON [[calls, ms], ...], 2 the slot's name, 3 how long the read can last in ms, 4 hold until in ms (0: none)
-- Books one slot of a window for a read, or with a hold only keeps everybody from the endpoint until then.
-- Answers JSON: now, at (when it may go; not later than now: it may go and its slot is booked).
local window, hold = KEYS[1], KEYS[2]
local limits = cjson.decode(ARGV[1])
local now, pause = clock(), tonumber(ARGV[4])
if pause > 0 then
  if pause > math.max(now, tonumber(redis.call('GET', hold) or 0)) then
    redis.call('SET', hold, pause, 'PX', pause - now)
  end
  return cjson.encode({now = now, at = pause})
end
local at = opens(window, hold, limits, 0, now)
if at <= now then
  take(window, limits, ARGV[2], now + ARGV[3], now)
end
return cjson.encode({now = now, at = at})
