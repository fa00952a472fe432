-- KEYS: 1 record, 2 agenda, 3 index, 4 queue of the first version; 5 record, 6 agenda, 7 index, 8 queue of this one
-- ARGV: 1 id, 2 the record as it was read, 3 its index entries, JSON, 4 its places in the queue, JSON
-- Takes over one request that the first version wrote, with all that it holds, in one step: of two versions that run
-- beside each other only one ever has it. Due times stay, and leases with them.
-- Answers JSON: now, moved (1, or 0: the record is gone or has changed meanwhile).
local id = ARGV[1]
local was, now = redis.call('GET', KEYS[1]), clock()
for _, n in ipairs({2, 3, 4, 6, 7, 8}) do
  redis.call('ZCARD', KEYS[n]) -- a key of another type fails before anything is written
end
if was ~= ARGV[2] or redis.call('GET', KEYS[5]) then
  return cjson.encode({now = now, moved = 0})
end
local function move(from, to, member)
  local score = redis.call('ZSCORE', from, member)
  if score then
    redis.call('ZADD', to, score, member)
    redis.call('ZREM', from, member)
  end
end
redis.call('SET', KEYS[5], was)
move(KEYS[2], KEYS[6], id)
move(KEYS[2], KEYS[6], 'card:' .. id)
for _, member in ipairs(cjson.decode(ARGV[3])) do
  redis.call('ZREM', KEYS[3], member)
  redis.call('ZADD', KEYS[7], 0, member) -- also where the first version named it otherwise
end
for _, turn in ipairs(cjson.decode(ARGV[4])) do
  move(KEYS[4], KEYS[8], turn)
end
redis.call('DEL', KEYS[1])
return cjson.encode({now = now, moved = 1})
