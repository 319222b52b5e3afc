--[[
  The API answered a stop with "no such connection". This proves that the call is over if a hint told of a
  hang-up before, or if the API answers so twice, some seconds apart, while no socket of the connection is open.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  interval  seconds that must lie between the two answers
    ARGV[4]  now      "" for the server's clock

  Returns 2 if the call is certainly over and the far end had ended it: a hint told so before any stop of ours,
  or the very first stop was answered so. Returns 1 if it is certainly over, but an earlier stop of ours may have
  ended it, perhaps one without a record; then `gone_at` says since when. Else returns 0; after the first such
  answer the stop is due again when `interval` has passed.
]]
local account, attempt, interval = ARGV[1], ARGV[2], tonumber(ARGV[3])
local now = clock(ARGV[4])
local record = attempt_key(attempt)

local connection, over_at, first, at_once, why, hinted, socket = unpack(redis.call("HMGET", record,
  "connection_id", "over_at", "denied_at", "denied_at_once", "stop_why", "hinted_at", "socket"))
if not connection or over_at then
  return 0
end
if hinted then
  redis.call("HSET", record, "gone_at", hinted)
  return why == "hung_up" and 2 or 1
end
local heard_until = numeric(redis.call("ZSCORE", account_key(account, "ears"), attempt), 0)
if socket == "open" and heard_until > now then
  redis.call("ZADD", account_key(account, "stops"), "XX", exact(now + interval), attempt)
  return 0
end
if first then
  if now - tonumber(first) < interval then
    return 0
  end
  redis.call("HSET", record, "gone_at", first)
  return at_once == "1" and 2 or 1
end
local sendings, unrecorded = unpack(redis.call("HMGET", record, "stop_sendings", "stop_unrecorded"))
local at_first = numeric(sendings, 1) <= 1 and not unrecorded
redis.call("HSET", record, "denied_at", exact(now), "denied_at_once", at_first and 1 or 0)
redis.call("ZADD", account_key(account, "stops"), "XX", exact(now + interval), attempt)
return 0
