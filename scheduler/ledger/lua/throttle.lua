--[[
  The provider has had too many requests at once: no start is claimed for a while. The limit is untouched.

    ARGV[1]  account
    ARGV[2]  seconds
    ARGV[3]  now      "" for the server's clock
]]
local meta, now = account_key(ARGV[1], "meta"), clock(ARGV[3])
local before = numeric(redis.call("HGET", meta, "quiet_until"), 0)
redis.call("HSET", meta, "quiet_until", exact(math.max(before, now + tonumber(ARGV[2]))))
count(ARGV[1], "throttled")
