--[[
  Take the stops that are due, and set when each is due again should nobody confirm it.

    ARGV[1]  account
    ARGV[2]  most     how many at once
    ARGV[3]  give_up  seconds after which a stop that nobody confirms is no longer repeated
    ARGV[4]  now      "" for the server's clock
    ARGV[5…] delays: seconds until the second sending, the third, …; the last one is kept

  Returns for each: attempt, connection_id, why, deadline, how often it was taken, and how late it is.
]]
local account, most, give_up = ARGV[1], ARGV[2], tonumber(ARGV[3])
local now = clock(ARGV[4])
local stops, live = account_key(account, "stops"), account_key(account, "live")

local taken = {}
for _, attempt in ipairs(redis.call("ZRANGEBYSCORE", stops, "-inf", exact(now), "LIMIT", 0, most)) do
  local record = attempt_key(attempt)
  local connection, why, deadline, owed_at =
    unpack(redis.call("HMGET", record, "connection_id", "stop_why", "deadline", "stop_owed_at"))
  if not connection or now - tonumber(owed_at) > give_up then
    redis.call("ZREM", stops, attempt)
    redis.call("ZREM", live, attempt)
    redis.call("ZREM", account_key(account, "ears"), attempt)
  else
    local times = redis.call("HINCRBY", record, "stop_sendings", 1)
    local late = now - tonumber(why == "deadline" and deadline or owed_at)
    if times == 1 then
      redis.call("HSET", record, "stop_late", exact(late))
    end
    redis.call("ZADD", stops, exact(now + tonumber(ARGV[math.min(4 + times, #ARGV)])), attempt)
    for _, value in ipairs({ attempt, connection, why, deadline, times, exact(late) }) do
      taken[#taken + 1] = value
    end
  end
end
return taken
