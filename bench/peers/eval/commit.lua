-- As many reads and writes as approvals/ledger/scripts/commit.lua makes when the bot records one command,
-- `/defender collect <id of a device> looks odd since the update of 14:02`, and nothing else: no JSON, no other case.
-- commit_test.go beside this file lets both run on a Redis and compares what INFO commandstats counts; on Redis 7.0.15:
--   reads:  1 TIME, 4 GET, 3 ZCARD, 1 ZRANGEBYLEX, 1 ZSCORE
--   writes: 1 XADD (an entry of 0.3 KB), 2 SET (a record of 0.6 KB; an operation that expires), 2 ZADD (of four members and
--           of one)
-- KEYS: 1 op, 2 request, 3 due, 4 held, 5 index, 6 audit, 7 queue, 8 window, 9 hold, 10 doubt, 11 ended, 12 frozen, 13 reach,
-- 14 forced, 15 alarms; most are only declared, as the bot has to
-- ARGV: 1 record, 2 audit entry, 3 id, 4 what must not begin any member of the index, 5 to 8 new members of the index
local op, request, due, held, index, audit, ended, frozen = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[11], KEYS[12]
local id = ARGV[3]
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)

if redis.call('GET', op) then
  return 'repeat'
end
if redis.call('GET', request) then
  return 'conflict'
end
if redis.call('GET', ended) or redis.call('GET', frozen) then
  return 'ended'
end
if redis.call('ZRANGEBYLEX', index, '[' .. ARGV[4], '(' .. ARGV[4] .. '\255', 'LIMIT', 0, 1)[1] then
  return 'taken'
end
for _, set in ipairs({due, held, index}) do
  redis.call('ZCARD', set)
end

redis.call('XADD', audit, '*', 'e', ARGV[2])
redis.call('SET', request, ARGV[1])
redis.call('ZADD', index, 0, ARGV[5], 0, ARGV[6], 0, ARGV[7], 0, ARGV[8])
if not redis.call('ZSCORE', due, id) then
  redis.call('ZADD', due, now, id)
end
redis.call('SET', op, id, 'PX', 900000)
return 'ok'
