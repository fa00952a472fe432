-- KEYS: 1 op, 2 frozen, 3 agenda, 4 audit, 5 alarms, 6 held
-- ARGV: 1 digest of who wants what, 2 the freeze: its id, a space, and the rest as it is kept, 3 its audit entry, 4 what
-- channels are told of it, JSON [text]
-- Freezes all calls, unless they are frozen: from here on commit.lua lets none go. All that is on the agenda becomes due, so
-- that cards say so. The audit entry is the first write; an error after it begins with HALFWAY.
-- Answers JSON: status (ok, repeat, reused, frozen), now, freeze (that one, or the one in force), newest (its audit entry).
local op, frozen, agenda, audit, alarms, held = unpack(KEYS)
local now = clock()
local function answer(status, freeze, newest)
  return cjson.encode({status = status, now = now, freeze = freeze, newest = newest})
end

local freeze = redis.call('GET', frozen) or nil
for _, set in ipairs({agenda, alarms, held}) do -- a key of another type fails here
  redis.call('ZCARD', set)
end
local before = redis.call('GET', op)
if before then
  local digest, answered = string.match(before, '^(%x*) (.*)$')
  if digest ~= ARGV[1] then
    return answer('reused')
  end
  local renewed = redis.pcall('SET', op, before, 'KEEPTTL') -- so that WAIT speaks of it: see commit.lua
  if renewed.err then
    return redis.error_reply('HALFWAY ' .. renewed.err)
  end
  return answer('repeat', answered)
end
if freeze then
  return answer('frozen', freeze)
end

local newest
local function write()
  newest = redis.call('XADD', audit, '*', 'e', ARGV[3])
  redis.call('SET', frozen, ARGV[2])
  hasten(agenda, held, now)
  alarm(alarms, agenda, cjson.decode(ARGV[4]), now)
  redis.call('SET', op, ARGV[1] .. ' ' .. ARGV[2], 'PX', 900000)
end
local done, failure = pcall(write)
if not done then
  local words = type(failure) == 'table' and failure.err or tostring(failure)
  return redis.error_reply(newest and 'HALFWAY ' .. words or words)
end
return answer('ok', ARGV[2], newest)
