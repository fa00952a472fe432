-- KEYS: 1 audit trail of the first version, 2 that of this one, 3 its seals
-- ARGV: 1 how many entries at most
-- Takes over entries of the audit trail, oldest first. What happened when stands in the entry; its id is kept where it is
-- still free, unless a seal covers its time: what comes behind a seal would look as if somebody had put it there. It needs
-- XDEL, which nothing else does.
-- Answers JSON: now, moved (how many).
if redis.pcall('ZCARD', KEYS[1]) == 0 then -- of a stream it is an error: there is none, and no right is needed to take it over
  return cjson.encode({now = clock(), moved = 0})
end
redis.call('XDEL', KEYS[1], '0-1') -- nothing: it fails here where it is not allowed
local sealed = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)[1]
local entries = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[1])
for _, entry in ipairs(entries) do
  local added = not sealed and redis.pcall('XADD', KEYS[2], entry[1], unpack(entry[2]))
  if not added or type(added) == 'table' and added.err then
    redis.call('XADD', KEYS[2], '*', unpack(entry[2]))
  end
  redis.call('XDEL', KEYS[1], entry[1])
end
if #entries < tonumber(ARGV[1]) then
  redis.call('DEL', KEYS[1])
end
return cjson.encode({now = clock(), moved = #entries})
