--[[
  Record how firings of a schedule were decided, by the worker that has taken it; and perhaps release it.

    ARGV[1]  name
    ARGV[2]  token     of the execution that took it
    ARGV[3]  next_at   the first firing that nobody has decided yet; "" for none
    ARGV[4]  release   "1" to release the schedule
    ARGV[5]  again     with that: seconds until a worker looks at firings that wait; "" for none
    ARGV[6]  now       "" for the server's clock
    ARGV[7…] firing, at, state and why of each

  Returns 1; 0 if another worker has taken it, or it is gone: then nothing is written.
]]
local name, token, next_at, release, again = unpack(ARGV, 1, 5)
local now = clock(ARGV[6])
local record = schedule_key(name)

local account, holder, asked = unpack(redis.call("HMGET", record, "account", "token", "asked"))
if holder ~= token then
  return 0
end
redis.call("HSET", record, "next_at", next_at)
for at = 7, #ARGV, 4 do
  local firing, instant, state, why = unpack(ARGV, at, at + 3)
  record_firing(name, firing, instant, state, why, now)
  if state == "fired" then
    redis.call("HSET", record, "last", firing)
  end
  if state == "fired" or state == "failed" then
    redis.call("HSET", record, "error", state == "failed" and why or "")
  end
end
if release == "1" then
  redis.call("HDEL", record, "token", "leased_until")
  local look = tonumber(next_at)
  if asked or again ~= "" then
    look = math.min(look or math.huge, now + (asked and 0 or tonumber(again)))
  end
  look_at(account, name, look and exact(look) or "")
end
return 1
