--[[
  Order that a live call says something else, once. The order stands among the stops, and every stop goes first.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  now  "" for the server's clock

  Returns 1; 0 if it was ordered before, or the call is not live, or is being stopped.
]]
local account, attempt, now = ARGV[1], ARGV[2], clock(ARGV[3])
local call, record = call_of(attempt), attempt_key(attempt)

local known = fields_of(record, "connection_id", "over_at", "stop_why", "speak_at", "spoken_at", "look_at")
local connection, over_at, why, speak_at, spoken_at, look_at = unpack(known, 1, 6)
if not connection or over_at or why or speak_at or spoken_at or not call.fresh or call.state ~= CONNECTED then
  return 0
end
redis.call("HSET", record, "speak_at", exact(now))
if not look_at then
  redis.call("ZADD", account_key(account, "stops"), exact(now), attempt)
end
return 1
