--[[
  Take a schedule that is due, for the length of a lease.

    ARGV[1]  account
    ARGV[2]  token   of this execution
    ARGV[3]  lease   seconds; after that another worker may take it
    ARGV[4]  now     "" for the server's clock

  Returns name, now, the fields of its record, and firings that wait with their instants; nil when
  none is due.
]]
local account, token, lease, now = ARGV[1], ARGV[2], tonumber(ARGV[3]), clock(ARGV[4])
local due = account_key(account, "schedules")

local taken = ROOT .. "launch:" .. token
local name = redis.call("GET", taken)
if not name then
  name = redis.call("ZRANGEBYSCORE", due, "-inf", exact(now), "LIMIT", 0, 1)[1]
  if not name then
    return nil
  end
  redis.call("SET", taken, name, "EX", math.ceil(lease) + 60)
  redis.call("ZADD", due, exact(now + lease), name)
  redis.call("HSET", schedule_key(name), "token", token, "leased_until", exact(now + lease))
  redis.call("HDEL", schedule_key(name), "asked")
end
return { name, exact(now), redis.call("HGETALL", schedule_key(name)),
  redis.call("ZRANGE", schedule_key(name, "waiting"), 0, -1, "WITHSCORES") }
