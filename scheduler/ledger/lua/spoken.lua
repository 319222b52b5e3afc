--[[
  A call has said what was ordered, or nobody tries any more.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  now  "" for the server's clock

  Returns nothing.
]]
local account, attempt, now = ARGV[1], ARGV[2], clock(ARGV[3])
local record = attempt_key(attempt)

local speak_at, why, look_at = unpack(fields_of(record, "speak_at", "stop_why", "look_at"), 1, 3)
if not speak_at then
  return
end
redis.call("HDEL", record, "speak_at")
redis.call("HSET", record, "spoken_at", exact(now))
if not why and not look_at then
  redis.call("ZREM", account_key(account, "stops"), attempt)
end
