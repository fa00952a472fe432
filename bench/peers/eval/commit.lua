-- As many reads and writes as approvals/ledger/scripts/commit.lua makes when the bot records one command,
-- `/defender collect <id of a device> looks odd since the update of 14:02`, and nothing else: no JSON, no other case.
-- Counted at commit 4f9e7be with `redis-cli monitor` on Redis 7.0.15, beside a bot that had recorded five commands before:
--   reads:  1 TIME, 6 GET, 8 ZCARD, 1 ZRANGEBYLEX, 4 ZSCORE
--   writes: 1 XADD (an entry of 0.3 KB), 2 SET (a record of 0.6 KB; an operation that expires), 5 ZADD, 1 ZREM (of nothing)
-- KEYS: 1 op, 2 request, 3 due, 4 held, 5 index, 6 audit, 7 queue, 8 window, 9 hold, 10 doubt, 11 ended, 12 frozen, 13 reach,
-- 14 forced, 15 alarms
-- ARGV: 1 record, 2 audit entry, 3 id, 4 what must not begin any member of the index, 5 to 8 new members of the index
local op, request, due, held, index, audit, queue, window, hold, doubt, ended, frozen, reach, forced, alarms = unpack(KEYS)
local id = ARGV[3]
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)

for _, key in ipairs({hold, doubt, ended, frozen}) do
  redis.call('GET', key)
end
for _, set in ipairs({due, held, index, queue, window, reach, forced, alarms}) do
  redis.call('ZCARD', set)
end
if redis.call('GET', op) then
  return 'repeat'
end
if redis.call('GET', request) then
  return 'conflict'
end
if redis.call('ZRANGEBYLEX', index, '[' .. ARGV[4], '(' .. ARGV[4] .. '\255', 'LIMIT', 0, 1)[1] then
  return 'taken'
end

redis.call('XADD', audit, '*', 'e', ARGV[2])
redis.call('SET', request, ARGV[1])
for n = 5, 8 do
  redis.call('ZADD', index, 0, ARGV[n])
end
if not redis.call('ZSCORE', due, id) then
  redis.call('ZADD', due, now, id)
end
if not redis.call('ZSCORE', due, 'look:' .. id) then
  redis.call('ZREM', due, 'look:' .. id)
end
redis.call('SET', op, id, 'PX', 900000)
redis.call('ZSCORE', due, id)
redis.call('ZSCORE', held, id)
return 'ok'
