-- KEYS: 1 a string, 2 a sorted set, 3 a stream: of this script alone, and gone when it ends; 4 audit, 5 seals; then the sorted sets
-- that commits need, and the strings
-- ARGV: 1 how many sorted sets
-- Runs every command of the scripts beside this file once where it does no harm, but for those that take over what an
-- older version wrote: they can wait. Redis does not roll back a script that fails, so what it refuses, and a key of another
-- type, has to be found before the first change.
-- Answers JSON: now, refused [{command, why}].
local text, set, stream, audit, seals = unpack(KEYS)
local refused = {}
local function try(command, ...)
  local said = redis.pcall(command, ...)
  if type(said) == 'table' and said.err then
    local key = ...
    local of = key and key ~= text and key ~= set and key ~= stream and ' ' .. key or ''
    refused[#refused + 1] = {command = command .. of, why = said.err}
  end
end
try('TIME')
try('SET', text, 'x', 'PX', 1000)
try('SET', text, 'x', 'KEEPTTL')
try('GET', text)
try('ZADD', set, 1, 'x')
try('PEXPIRE', set, 1000)
try('ZCARD', set)
try('ZCOUNT', set, '-inf', '+inf')
try('ZLEXCOUNT', set, '-', '+')
try('ZRANGE', set, 0, 0, 'WITHSCORES')
try('ZREVRANGE', set, 0, 0, 'WITHSCORES')
try('ZRANGEBYLEX', set, '-', '+', 'LIMIT', 0, 1)
try('ZRANK', set, 'x')
try('ZSCORE', set, 'x')
try('ZREMRANGEBYSCORE', set, '-inf', 0)
try('ZREM', set, 'x')
try('XADD', stream, '*', 'e', 'x')
try('XTRIM', stream, 'MINID', 1)
try('XRANGE', stream, '-', '+', 'COUNT', 1)
try('XREVRANGE', stream, '+', '-', 'COUNT', 1)
try('DEL', text, set, stream)
try('XTRIM', audit, 'MINID', 0)
try('XTRIM', seals, 'MINID', 0)
for n = 6, 5 + ARGV[1] do
  try('ZCARD', KEYS[n])
end
for n = 6 + ARGV[1], #KEYS do
  try('GET', KEYS[n])
end
local now = redis.pcall('TIME')
if #refused == 0 then
  refused = nil
end
return cjson.encode({now = now.err and 0 or clock(), refused = refused})
