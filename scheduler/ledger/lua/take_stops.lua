--[[
  Take the stops that are due, and set when each is due again if the API does not confirm it.

    ARGV[1]  account
    ARGV[2]  most     how many at once
    ARGV[3]  give_up  seconds after which a stop that nobody confirms is no longer repeated
    ARGV[4]  now      "" for the server's clock
    ARGV[5…] delays: seconds until the second sending, the third, …; the last one is kept

  Returns for each: attempt, connection_id, why, deadline, how often it was taken, and how late it is.
  If `why` is "look", it is no stop: a worker must read the call, see `expire`. Nor is "speak": the call must
  say something else, see `order_speech`.
]]
local account, most, give_up = ARGV[1], ARGV[2], tonumber(ARGV[3])
local now = clock(ARGV[4])
local stops, live = account_key(account, "stops"), account_key(account, "live")

local taken = {}
for _, attempt in ipairs(redis.call("ZRANGEBYSCORE", stops, "-inf", exact(now), "LIMIT", 0, most)) do
  local record = attempt_key(attempt)
  local found, is_rubbish = fields_of(record, "connection_id", "stop_why", "deadline", "stop_owed_at",
    "look_at", "speak_at")
  -- A stop on record comes first, then a look, because a deadline depends on it.
  local is_look = found[5] and not found[2]
  local is_speech = found[6] and not found[2] and not is_look
  local connection, why = found[1], found[2] or is_look and "look" or is_speech and "speak" or "deadline"
  local owed_at = numeric(is_speech and found[6] or found[4], now)
  local deadline = numeric(found[3], owed_at)
  if is_rubbish or not is_attempt(attempt) then
    set_aside(account, "stops", attempt, is_rubbish and "its record can't be read" or "it is no attempt")
  end
  if not connection or now - owed_at > give_up and not is_speech then
    redis.call("ZREM", stops, attempt)
    redis.call("ZREM", live, attempt)
    redis.call("ZREM", account_key(account, "ears"), attempt)
  else
    local times = increase(record, is_look and "looks" or is_speech and "speeches" or "stop_sendings", 1)
    local late = now - (why == "deadline" and deadline or owed_at)
    if times == 1 and not is_look and not is_speech then
      redis.call("HSETNX", record, "stop_late", exact(late))
    end
    redis.call("ZADD", stops, exact(now + tonumber(ARGV[math.min(4 + times, #ARGV)])), attempt)
    for _, value in ipairs({ attempt, connection, why, exact(deadline), times, exact(late) }) do
      taken[#taken + 1] = value
    end
  end
end
return taken
