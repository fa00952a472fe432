-- KEYS: 1 clock, 2 and on: window and hold of each endpoint
-- ARGV: 1 by how much Redis's clock has jumped, in ms, 2 what it said last before, 3 for how long an attempt can be under way,
-- in ms, 4 the longest limit of each endpoint, in ms, JSON
-- Counts all calls anew that a server can still count: its clock has not jumped. Those made before are counted as made now,
-- those under way until they can be made at the latest. What holds an endpoint goes on for as long as it had left. Several
-- processes notice one jump; the first of them does it.
-- Answers JSON: now, first (true, or absent: it was done already).
local by, last, flight = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now = clock()
local jumped, at = string.match(redis.call('GET', KEYS[1]) or '', '^(%S+) (%S+)$')
if jumped and math.abs(jumped - by) < 2 * margin and tonumber(at) > last + by - 2 * margin and tonumber(at) <= now then
  return cjson.encode({now = now})
end
-- from is when something that has left is over, counted from now.
local function from(score, most)
  return now + math.min(math.max(score - last, 0), most)
end
for n, longest in ipairs(cjson.decode(ARGV[4])) do
  local window, hold = KEYS[2 * n], KEYS[2 * n + 1]
  local slots = redis.call('ZRANGE', window, 0, -1, 'WITHSCORES')
  for i = 1, #slots, 2 do
    local score = tonumber(slots[i + 1])
    if score > last - longest - margin then
      redis.call('ZADD', window, from(score, flight), slots[i])
    end
  end
  local held = tonumber(redis.call('GET', hold) or 0)
  if held > last then
    redis.call('SET', hold, math.max(from(held, longest), by > 0 and held or 0))
  end
end
redis.call('SET', KEYS[1], string.format('%.0f %.0f', by, now))
return cjson.encode({now = now, first = true})
