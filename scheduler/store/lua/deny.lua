--[[
  A stop was answered "no such connection". Twice, some seconds apart, means that it is over.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  apart    seconds that must lie between the two answers
    ARGV[4]  now      "" for the server's clock

  Returns 1 when that makes it certain; else 0, and after the first answer the stop is due again when
  `apart` has passed.
]]
local account, attempt, apart = ARGV[1], ARGV[2], tonumber(ARGV[3])
local now = clock(ARGV[4])
local record = attempt_key(attempt)

local connection, over_at, first = unpack(redis.call("HMGET", record, "connection_id", "over_at", "denied_at"))
if not connection or over_at then
  return 0
end
if first then
  return now - tonumber(first) >= apart and 1 or 0
end
redis.call("HSET", record, "denied_at", exact(now))
redis.call("ZADD", account_key(account, "stops"), "XX", exact(now + apart), attempt)
return 0
