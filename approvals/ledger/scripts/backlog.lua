-- KEYS: 1 agenda, 2 held
-- ARGV: 1 how long a lease lasts in ms, JSON {kind: ms}; kinds without one are a later version's, 2 how many members are looked
-- at, at most
-- Says how far work is behind. What is due first stands first, so that what is not looked at is due later than all that is.
-- Answers JSON: now, since (since when the member that is due longest waits for somebody to take it; 0: none does), due (how many do),
-- cards (how many cards do not show their request yet).
local agenda, held = unpack(KEYS)
local terms, most, now = cjson.decode(ARGV[1]), tonumber(ARGV[2]), clock()
local since, due, cards = 0, 0, 0
local members = redis.call('ZRANGE', agenda, 0, most - 1, 'WITHSCORES')
for n = 1, #members, 2 do
  local kind, at = string.match(members[n], '^[^:]*:') or '', tonumber(members[n + 1]) or now
  if kind == 'card:' then
    cards = cards + 1
  end
  if terms[kind] and at <= now and tonumber(redis.call('ZSCORE', held, members[n]) or 0) <= now then
    due = due + 1
    if since == 0 then
      since = math.floor(at)
    end
  end
end
return cjson.encode({now = now, since = since, due = due, cards = cards})
