-- KEYS: 1 window, 2 hold
-- ARGV: 1 limits, JSON [[calls, ms], ...], 2 the slot's name, 3 how long the read can last in ms, 4 hold until in ms (0: none), 5 how many reads
-- Books slots of a window for reads, all or none, or with a hold only keeps everybody from the endpoint until then.
-- Answers JSON: now, at (when it may go; not later than now: it may go and they are booked).
local window, hold = KEYS[1], KEYS[2]
local limits = cjson.decode(ARGV[1])
local now, pause = clock(), tonumber(ARGV[4])
if pause > 0 then
  if pause > math.max(now, tonumber(redis.call('GET', hold) or 0)) then
    redis.call('SET', hold, pause, 'PX', pause - now)
  end
  return cjson.encode({now = now, at = pause})
end
local count = tonumber(ARGV[5])
local at = opens(window, hold, limits, count - 1, now)
for n = 1, at <= now and count or 0 do
  take(window, limits, ARGV[2] .. '/' .. n, now + ARGV[3], now)
end
return cjson.encode({now = now, at = at})
