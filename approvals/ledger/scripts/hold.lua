-- KEYS: 1 hold
-- ARGV: 1 until in ms
-- Keeps everybody from an endpoint until then, if nobody keeps them longer.
-- Answers JSON: now.
local hold, until_, now = KEYS[1], tonumber(ARGV[1]), clock()
if until_ > math.max(now, tonumber(redis.call('GET', hold) or 0)) then
  redis.call('SET', hold, until_) -- it does not expire: a clock that jumps ahead would end it
end
return cjson.encode({now = now})
