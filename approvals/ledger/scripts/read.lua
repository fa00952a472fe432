-- KEYS: 1 window, 2 hold
-- ARGV: 1 limits, JSON [[calls, ms], ...], 2 the slot's name, 3 how long the read can last in ms, 4 how many reads, 5 what
-- time it is, as far as the caller knows
-- Books slots of a window for reads, all or none. It books none for a caller who may not know that Redis's clock has jumped.
-- Answers JSON: now, late (it has to be asked again), at (when it may go; not later than now: it may go and they are booked).
local window, hold = KEYS[1], KEYS[2]
local limits, count, now = cjson.decode(ARGV[1]), tonumber(ARGV[4]), clock()
if math.abs(now - ARGV[5]) > margin then
  return cjson.encode({now = now, late = true})
end
local at = opens(window, hold, limits, count - 1, now)
for n = 1, at <= now and count or 0 do
  take(window, limits, ARGV[2] .. '/' .. n, now + ARGV[3], now)
end
return cjson.encode({now = now, at = at})
