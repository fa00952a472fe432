-- KEYS: 1 index
-- ARGV: 1 prefixes, JSON, 2 those with one more part, which are as many as there are parts, JSON, 3 since when, as it stands
-- in entries, 4 how many entries at most
-- Lists what the index has under prefixes whose entries go on with a time: the newest of all of them first.
-- Answers JSON: now, entries, of (how many there are in all).
local index, since, most = KEYS[1], ARGV[3], tonumber(ARGV[4])
local prefixes, entries, of = cjson.decode(ARGV[1]), {}, 0
for _, outer in ipairs(cjson.decode(ARGV[2])) do
  local from = '[' .. outer
  repeat
    local first = redis.call('ZRANGEBYLEX', index, from, '(' .. outer .. '\255', 'LIMIT', 0, 1)[1]
    local part = first and string.match(first, '^[^/]*/', #outer + 1)
    if part then
      prefixes[#prefixes + 1] = outer .. part
      from = '(' .. outer .. part .. '\255'
    end
  until not part
end
for _, prefix in ipairs(prefixes) do
  local from, to = '[' .. prefix .. since, '(' .. prefix .. '\255'
  of = of + redis.call('ZLEXCOUNT', index, from, to)
  for _, entry in ipairs(redis.call('ZRANGE', index, to, from, 'BYLEX', 'REV', 'LIMIT', 0, most)) do
    entries[#entries + 1] = entry
  end
end
local function time(entry)
  return string.match(entry, '(%d+)/[^/]*$') or ''
end
table.sort(entries, function(a, b)
  return time(a) > time(b) or time(a) == time(b) and a > b
end)
for n = #entries, most + 1, -1 do
  entries[n] = nil
end
if #entries == 0 then
  entries = nil
end
return cjson.encode({now = clock(), entries = entries, of = of})
