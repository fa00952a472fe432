-- Shared by the scripts beside this file; it takes no keys and no arguments of its own.
-- Times are milliseconds of Redis's own clock: of all clocks in the system the one that every replica agrees on.

local function clock()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- A window is kept one second longer than Microsoft documents it.
local margin = 1000

-- kept is for how long Redis keeps a window that nobody uses: a year. A clock that jumps ahead must not take it away.
local kept = '31536000000'

-- opens says when a call that has `rank` others before it may go: for each limit {calls, per},
-- the slot that must have left first has left by then, and no hold is in force any more.
local function opens(window, holdEnds, limits, rank, now)
  local at = math.max(now, holdEnds)
  for _, limit in ipairs(limits) do
    local calls, span = limit[1], limit[2] + margin
    local rounds, before = math.floor(rank / calls), rank % calls
    local place = calls - before - 1
    local slot = redis.call('ZREVRANGE', window, place, place, 'WITHSCORES')
    if slot[2] then
      at = math.max(at, tonumber(slot[2]) + span + 1 + rounds * span)
    else
      at = math.max(at, now + rounds * span)
    end
  end
  return at
end

-- millisOf is when an entry of a stream was written.
local function millisOf(entry)
  return tonumber(string.match(entry, '^%d+'))
end

-- lost reports whether a stream does not have the entry that somebody saw there as its newest: Redis was set back to a
-- time before. One that was trimmed is older than `keep`, and than all that is there.
local function lost(stream, seen, keep, now)
  if seen == '' or redis.call('XRANGE', stream, seen, seen)[1] then
    return false
  end
  local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  return not first or millisOf(first[1]) < millisOf(seen) or millisOf(seen) > now - keep
end

-- server names the process that runs this script; empty: it does not say.
local function server()
  local info = redis.pcall('INFO', 'server')
  local text = type(info) == 'string' and info or ''
  local _, before = string.find(text, 'run_id:', 1, true) -- plainly: a pattern is tried anew at each letter
  return before and string.match(text, '^%w+', before + 1) or ''
end

-- take books a slot that is counted until `score` has left the longest window, and drops those that have.
local function take(window, limits, slot, score, now)
  local longest = 0
  for _, limit in ipairs(limits) do
    longest = math.max(longest, limit[2] + margin)
  end
  redis.call('ZREMRANGEBYSCORE', window, '-inf', now - longest - 1)
  redis.call('ZADD', window, score, slot)
  redis.call('PEXPIRE', window, kept)
end

-- alarm keeps what channels are told, each an approvals.Alarm in JSON, and has them told now. Whoever holds the agenda's
-- member sees by its score that it was set anew.
local function alarm(alarms, agenda, texts, now)
  for _, text in ipairs(texts) do
    redis.call('ZADD', alarms, now, text)
  end
  if texts[1] then
    local due = tonumber(redis.call('ZSCORE', agenda, 'alert:') or now)
    redis.call('ZADD', agenda, math.min(now, due - 1), 'alert:')
  end
end

-- field is what an entry of a stream has under a name; empty: nothing.
local function field(entry, name)
  for n = 1, #entry[2], 2 do
    if entry[2][n] == name then
      return entry[2][n + 1]
    end
  end
  return ''
end

-- hasten makes all that is on the agenda due. Whoever holds a member sees by its score alone that it was set anew, so that
-- of what is held becomes less also where it was due before: else its holder gives it back as if nothing had happened.
local function hasten(agenda, held, now)
  local members = redis.call('ZRANGE', agenda, 0, -1, 'WITHSCORES')
  for n = 1, #members, 2 do
    local was = tonumber(members[n + 1]) or now
    local at = math.min(was, now)
    if tonumber(redis.call('ZSCORE', held, members[n]) or 0) > now then
      at = math.min(at, was - 1)
    end
    redis.call('ZADD', agenda, at, members[n])
  end
end

-- orderOf is the id of the freeze that is kept as a text. What is no id is "?": it holds everything too, and is lifted
-- like any other, so it has to be the same for everybody who reads it.
local function orderOf(text)
  return string.match(string.match(text, '^[^ ]*'), '^[%w%-]+$') or '?'
end
