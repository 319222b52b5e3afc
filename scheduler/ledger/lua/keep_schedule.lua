--[[
  Renew the lease on a schedule.

    ARGV[1]  name
    ARGV[2]  token   of the execution that took it
    ARGV[3]  lease   seconds from now
    ARGV[4]  now     "" for the server's clock

  Returns 1; 0 when another one has taken it, or it is gone.
]]
local name, token, lease, now = ARGV[1], ARGV[2], tonumber(ARGV[3]), clock(ARGV[4])
local record = schedule_key(name)

local account, holder = unpack(redis.call("HMGET", record, "account", "token"))
if holder ~= token then
  return 0
end
redis.call("HSET", record, "leased_until", exact(now + lease))
look_at(account, name, exact(now + lease))
return 1
