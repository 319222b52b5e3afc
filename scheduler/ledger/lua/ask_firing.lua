--[[
  Ask for a firing now, beside those at the schedule's own times.

    ARGV[1]  name
    ARGV[2]  firing   the id of its campaign
    ARGV[3]  at       its instant
    ARGV[4]  who
    ARGV[5]  now      "" for the server's clock

  Returns 1; 0 when there is no schedule of this name. A firing that is on record stays as it is.
]]
local name, firing, at, who, now = ARGV[1], ARGV[2], ARGV[3], ARGV[4], clock(ARGV[5])
local record = schedule_key(name)

local account, token, leased_until = unpack(redis.call("HMGET", record, "account", "token", "leased_until"))
if not account then
  return 0
end
if redis.call("ZSCORE", schedule_key(name, "firings"), firing) then
  return 1
end
record_firing(name, firing, at, "waiting", "asked for by " .. who, now)
redis.call("HSET", record, "asked", 1)
-- If a worker has taken the schedule just now, it looks again when it is done.
if not token or tonumber(leased_until) <= now then
  look_at(account, name, exact(now))
end
return 1
