-- KEYS: 1 op, 2 rules, 3 audit, 4 agenda, 5 alarms
-- ARGV: 1 the rules that the caller knows as those of the last start (empty: none), 2 JSON {rules, start, changed, alarms}:
-- those of this start, its entry, that of what has changed (empty: nothing), and what channels are told of that
-- Writes down a start, and what is new in its rules, unless another process has started with others meanwhile. The audit
-- entries are the first writes; a repeat of the operation writes nothing.
-- Answers JSON: status (ok, conflict), now, rules (those of the last start, of a conflict), newest (entry).
local op, rules, audit, agenda, alarms = unpack(KEYS)
local s, now = cjson.decode(ARGV[2]), clock()
redis.call('ZCARD', agenda)
redis.call('ZCARD', alarms)
local was = redis.call('GET', rules) or ''
local newest = redis.call('GET', op)
if newest then
  return cjson.encode({status = 'ok', now = now, newest = newest})
end
if was ~= ARGV[1] then
  return cjson.encode({status = 'conflict', now = now, rules = was})
end
local function write()
  newest = redis.call('XADD', audit, '*', 'e', s.start)
  if s.changed then
    newest = redis.call('XADD', audit, '*', 'e', s.changed)
    redis.call('SET', rules, s.rules)
    alarm(alarms, agenda, s.alarms, now)
  end
  redis.call('SET', op, newest, 'PX', 900000)
end
local done, failure = pcall(write)
if not done then
  local words = type(failure) == 'table' and failure.err or tostring(failure)
  return redis.error_reply(newest and 'HALFWAY ' .. words or words)
end
return cjson.encode({status = 'ok', now = now, newest = newest})
