-- KEYS: 1 op, 2 audit
-- ARGV: 1 the entry, JSON as audit.go writes it
-- Writes down what changed nothing and has to be known. A repeat of the operation writes nothing.
-- Answers JSON: now, newest (the entry).
local op, audit = KEYS[1], KEYS[2]
local entry = redis.call('GET', op)
if not entry then
  entry = redis.call('XADD', audit, '*', 'e', ARGV[1])
  local kept = redis.pcall('SET', op, entry, 'PX', 900000)
  if kept.err then
    return redis.error_reply('HALFWAY ' .. kept.err)
  end
end
return cjson.encode({now = clock(), newest = entry})
