--[[
  The provider got too many requests at once: nobody claims a start for a while. The limit does not change.

    ARGV[1]  account
    ARGV[2]  seconds
    ARGV[3]  now      "" for the server's clock
]]
local meta, now = account_key(ARGV[1], "meta"), clock(ARGV[3])
local before = numeric(redis.call("HGET", meta, "quiet_until"), 0)
redis.call("HSET", meta, "quiet_until", exact(math.max(before, now + tonumber(ARGV[2]))))
count(ARGV[1], "throttled")
