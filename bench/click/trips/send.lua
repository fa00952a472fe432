-- As many reads and writes as approvals/ledger/scripts/commit.lua makes when the bot marks a call as being sent and takes its
-- slot, and nothing else: no JSON, no checks. TestSameWork counts both.
--   reads:  1 TIME, 5 GET, 5 ZCARD, 1 INFO, 1 XRANGE, 1 ZRANK, 2 ZREVRANGE, 5 ZSCORE, 1 ZRANGE
--   writes: 1 XADD (an entry of 225 bytes), 2 SET (a record of 930 bytes; an operation that expires), 4 ZADD (one of three members
--           that are there), 2 ZREM, 1 ZREMRANGEBYSCORE, 1 PEXPIRE
-- KEYS: 1 op, 2 request, 3 due, 4 held, 5 index, 6 audit, 7 queue, 8 window, 9 hold, 10 doubt, 11 ended, 12 frozen, 13 reach,
-- 14 forced, 15 alarms
-- ARGV: 1 id, 2 call, 3 record, 4 audit entry, 5 to 7 members of the index
local op, request, due, held, index, audit, queue, window, hold, doubt, ended, frozen, reach, forced, alarms = unpack(KEYS)
local id, call = ARGV[1], ARGV[2]
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)

for _, key in ipairs({frozen, op, request}) do
  redis.call('GET', key)
end
for _, set in ipairs({due, held, index, queue, window}) do
  redis.call('ZCARD', set)
end
redis.call('INFO', 'server')
redis.call('XRANGE', audit, now, now, 'COUNT', 1)
redis.call('GET', doubt)
redis.call('ZRANK', queue, call)
redis.call('GET', hold)
redis.call('ZREVRANGE', window, 99, 99, 'WITHSCORES')
redis.call('ZREVRANGE', window, 1499, 1499, 'WITHSCORES')

redis.call('XADD', audit, '*', 'e', ARGV[4])
redis.call('SET', request, ARGV[3])
redis.call('ZADD', index, 0, ARGV[5], 0, ARGV[6], 0, ARGV[7])
redis.call('ZREM', queue, call)
redis.call('ZREMRANGEBYSCORE', window, '-inf', now - 3601001)
redis.call('ZADD', window, now + 25000, call .. '/1')
redis.call('PEXPIRE', window, 31536000000)
redis.call('ZSCORE', held, id)
redis.call('ZREM', held, id)
redis.call('ZSCORE', due, id)
redis.call('ZSCORE', held, id)
redis.call('ZADD', due, now + 55000, id)
redis.call('ZSCORE', due, 'card:' .. id)
redis.call('ZSCORE', held, 'card:' .. id)
redis.call('ZADD', due, now - 1, 'card:' .. id)
redis.call('ZRANGE', queue, 0, 0)
redis.call('SET', op, id, 'PX', 900000)
return 'ok'
