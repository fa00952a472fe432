-- KEYS: 1 sockets of all processes, 2 the last greeting that was judged
-- ARGV: 1 process, 2 how many it has, 3 for how many ms that counts, and of a greeting: 4 how many the chat named (0: there
-- is none), 5 how many all processes had, 6 for how many ms it is kept
-- Notes how many sockets a process has, and a greeting, and forgets those that have not said so for long.
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
if tonumber(ARGV[4]) > 0 then
  redis.call('SET', KEYS[2], string.format('%d/%d/%d', now, tonumber(ARGV[4]), tonumber(ARGV[5])), 'PX', ARGV[6])
end
return cjson.encode({now = now, all = all})
