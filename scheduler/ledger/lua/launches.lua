--[[
  Whether a schedule of an account waits for a worker, and no timekeeper has just sent a message about it.

    ARGV[1]  account
    ARGV[2]  interval  seconds within which no other timekeeper sends the same message
    ARGV[3]  now       "" for the server's clock

  Returns 1 or 0.
]]
local account, interval, now = ARGV[1], tonumber(ARGV[2]), clock(ARGV[3])
local first = redis.call("ZRANGE", account_key(account, "schedules"), 0, 0, "WITHSCORES")[2]
if not first or tonumber(first) > now then
  return 0
end
local meta = account_key(account, "meta")
if now < numeric(redis.call("HGET", meta, "launch_said_at"), 0) + interval then
  return 0
end
redis.call("HSET", meta, "launch_said_at", exact(now))
return 1
