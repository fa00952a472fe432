-- KEYS: 1 window, 2 hold
-- ARGV: 1 limits, JSON [[calls, ms], ...], 2 the slot's name, 3 how long the read can last in ms, 4 how many reads
-- Books slots of a window for reads, all or none.
-- Answers JSON: now, at (when it may go; not later than now: it may go and they are booked).
local window, hold = KEYS[1], KEYS[2]
local limits, count, now = cjson.decode(ARGV[1]), tonumber(ARGV[4]), clock()
local at = opens(window, hold, limits, count - 1, now)
for n = 1, at <= now and count or 0 do
  take(window, limits, ARGV[2] .. '/' .. n, now + ARGV[3], now)
end
return cjson.encode({now = now, at = at})
