-- KEYS: 1 index
-- ARGV: 1 prefixes, JSON, 2 those with one more part, which are as many as there are parts, JSON, 3 since when, as it stands
-- in entries, of those under 1, 4 how many entries at most
-- Lists what the index has under prefixes whose entries go on with a time: the newest of all of them first. Of each prefix
-- it takes no more than that needs, for there can be a great many entries, and of parts, some.
-- Answers JSON: now, entries, of (how many there are in all).
local index, since, most = KEYS[1], ARGV[3], tonumber(ARGV[4])
local entries, of = {}, 0

-- last are the last entries of a range that lies within one prefix, or of all of them that begin with it.
local function last(from, to, count)
  return redis.call('ZRANGE', index, to, from, 'BYLEX', 'REV', 'LIMIT', 0, count)
end

-- A heap of lines, one for each prefix: what of it comes next, the newest first.
local lines, count = {}, 0
local function before(a, b)
  return a.time > b.time or a.time == b.time and a.entry > b.entry
end

-- sink moves a line down to its place among those below it.
local function sink(n)
  local line = lines[n]
  while 2 * n <= count do
    local next = 2 * n
    if next < count and before(lines[next + 1], lines[next]) then
      next = next + 1
    end
    if before(line, lines[next]) then
      break
    end
    lines[n], n = lines[next], next
  end
  lines[n] = line
end

-- look sees what comes first in a line. A time has thirteen digits.
local function look(line)
  line.entry = line.page[line.at]
  line.time = string.sub(line.entry, line.begins, line.begins + 12)
end

local function open(prefix, from, page)
  local line = {begins = #prefix + 1, from = from, page = page, at = 1}
  look(line)
  count = count + 1
  lines[count] = line
end

-- advance goes on to the next of a line, and reports whether there is one. Of a line that has given some it reads more.
local function advance(line)
  line.at = line.at + 1
  if not line.page[line.at] then
    line.page, line.at = last(line.from, '(' .. line.entry, 2 * #line.page), 1
  end
  if not line.page[1] then
    return false
  end
  look(line)
  return true
end

for _, prefix in ipairs(cjson.decode(ARGV[1])) do
  local from, to = '[' .. prefix .. since, '(' .. prefix .. '\255'
  local page = last(from, to, most)
  of = of + redis.call('ZLEXCOUNT', index, from, to)
  if page[1] then
    open(prefix, from, page)
  end
end
for _, outer in ipairs(cjson.decode(ARGV[2])) do
  local from, to = '[' .. outer, '(' .. outer .. '\255'
  of = of + redis.call('ZLEXCOUNT', index, from, to)
  repeat -- the newest entry of the last part, then that of the part before it
    local page = last(from, to, 1)
    local ends = page[1] and string.find(page[1], '/', #outer + 1, true)
    if ends then
      local prefix = string.sub(page[1], 1, ends)
      to = '(' .. prefix
      open(prefix, '[' .. prefix, page)
    end
  until not ends
end
for n = math.floor(count / 2), 1, -1 do
  sink(n)
end
while count > 0 and #entries < most do
  entries[#entries + 1] = lines[1].entry
  if #entries < most then
    if not advance(lines[1]) then
      lines[1], count = lines[count], count - 1
    end
    sink(1)
  end
end
if #entries == 0 then
  entries = nil
end
return cjson.encode({now = clock(), entries = entries, of = of})
