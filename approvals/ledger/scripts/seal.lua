-- KEYS: 1 seals, 2 audit, 3 agenda, 4 alarms
-- ARGV: 1 number of the seal, 2 its note, 3 digests of its entries, separated by spaces, 4 when it was made in ms, 5 the note
-- of the seal before it (empty: it is the first), 6 the newest entry that it covers (empty: none is new), 7 for how long
-- entries are kept at least, in ms, 8 what channels are told of it, JSON [text]
-- Adds a seal, unless somebody else has added one or what it covers is gone. Then it trims the trail, at seals only:
-- entries go that a seal covers which is older than they are kept, and all seals before that one. The newest entry stays,
-- for processes tell by it that Redis was not set back.
-- Answers JSON: status (ok, conflict, gone), now.
local seals, audit, agenda, alarms = unpack(KEYS)
local note, before, entry, keep = ARGV[2], ARGV[5], ARGV[6], tonumber(ARGV[7])
local now = clock()
local function answer(status)
  return cjson.encode({status = status, now = now})
end

redis.call('ZCARD', alarms) -- keys of another type fail here
redis.call('ZCARD', agenda)
local newest = redis.call('XREVRANGE', seals, '+', '-', 'COUNT', 1)[1]
local has = newest and field(newest, 'note') or ''
if has == note then -- it was added, and the answer was lost
  return answer('ok')
end
if has ~= before then
  return answer('conflict')
end
if entry ~= '' and not redis.call('XRANGE', audit, entry, entry)[1] then
  return answer('gone')
end

-- trim takes away what the oldest seals cover, a few at a time: each seal that comes takes some along.
local function trim()
  for _ = 1, 20 do
    local second = redis.call('XRANGE', seals, '-', '+', 'COUNT', 2)[2]
    if not second or (tonumber(field(second, 'at')) or now) >= now - keep then
      return
    end
    local ms, n = string.match(field(second, 'note'), '\nlast (%d+)-(%d+)\n')
    local after = ms and ms .. '-' .. string.format('%.0f', n + 1)
    if not after or not redis.call('XRANGE', audit, after, '+', 'COUNT', 1)[1] then
      return
    end
    redis.call('XTRIM', audit, 'MINID', after)
    redis.call('XTRIM', seals, 'MINID', second[1])
  end
end

local written = false
local function write()
  redis.call('XADD', seals, ARGV[1] .. '-0', 'note', note, 'digests', ARGV[3], 'at', ARGV[4])
  written = true
  alarm(alarms, agenda, cjson.decode(ARGV[8]), now)
  trim()
end
local done, failure = pcall(write)
if not done then
  local words = type(failure) == 'table' and failure.err or tostring(failure)
  return redis.error_reply(written and 'HALFWAY ' .. words or words)
end
return answer('ok')
