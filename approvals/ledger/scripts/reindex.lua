-- KEYS: 1 index, 2 and on: records
-- ARGV: 1 what is known of each record, JSON [{v (its version), entries}, ...]
-- Adds entries that older versions did not make, of records that have not changed since they were read: who changes one
-- adds them too.
-- Answers JSON: now, added (how many were missing).
local index, added = KEYS[1], 0
redis.call('ZCARD', index) -- a key of another type fails before anything is written
for n, known in ipairs(cjson.decode(ARGV[1])) do
  local record = redis.call('GET', KEYS[n + 1])
  if record and tonumber(string.match(record, '^%d+')) == known.v then
    for _, entry in ipairs(known.entries) do
      added = added + redis.call('ZADD', index, 0, entry)
    end
  end
end
return cjson.encode({now = clock(), added = added})
