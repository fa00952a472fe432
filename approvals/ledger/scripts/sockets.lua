-- KEYS: 1 sockets of all processes
-- ARGV: 1 process, 2 how many it has, 3 for how many ms that counts
-- Notes how many sockets a process has, and forgets those that have not said so for long.
-- Answers JSON: now, all (how many all processes have).
local key, process, life, now = KEYS[1], ARGV[1], tonumber(ARGV[3]), clock()
redis.call('ZREMRANGEBYSCORE', key, '-inf', now - life)
local all = tonumber(ARGV[2])
for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do
  local count, owner = string.match(member, '^(%d+)/(.*)$')
  if owner == process then
    redis.call('ZREM', key, member)
  else
    all = all + tonumber(count)
  end
end
redis.call('ZADD', key, now, ARGV[2] .. '/' .. process)
redis.call('PEXPIRE', key, life)
return cjson.encode({now = now, all = all})
