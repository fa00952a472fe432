-- KEYS: 1 sockets of all processes, 2 the last greeting that was judged
-- ARGV: 1 for how many ms what a process said counts
-- Reads what sockets.lua has noted. It writes nothing.
-- Answers JSON: now, processes, sockets (how many they have), and of the greeting: at, named, ours.
local now = clock()
local answer = {now = now, processes = 0, sockets = 0}
local entries = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for i = 1, #entries, 2 do
  local count = string.match(entries[i], '^(%d+)/')
  if count and tonumber(entries[i + 1]) > now - tonumber(ARGV[1]) then
    answer.processes = answer.processes + 1
    answer.sockets = answer.sockets + tonumber(count)
  end
end
local at, named, ours = string.match(redis.call('GET', KEYS[2]) or '', '^(%d+)/(%d+)/(%d+)$')
answer.at, answer.named, answer.ours = tonumber(at), tonumber(named), tonumber(ours)
return cjson.encode(answer)
