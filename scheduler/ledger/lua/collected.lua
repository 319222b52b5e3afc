--[[
  Keep what was said in a conversation; nothing more of it is to be read.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  said    the packed insights; "" when nothing was recorded
    ARGV[4]  error   why nothing more could be read; "" for no error
    ARGV[5]  tail    seconds for which the live lines are kept yet
    ARGV[6]  now     "" for the server's clock

  Returns 1; 0 when it was kept or erased before.
]]
local account, attempt, said, message, tail = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local now = clock(ARGV[6])
local call, record = call_of(attempt), attempt_key(attempt)

if redis.call("ZREM", account_key(account, "collect"), attempt) == 0 then
  return 0
end
redis.call("HINCRBY", campaign_key(call.campaign, "meta"), "collecting", -1)
redis.call("HDEL", record, "reads", "read_digest", "reading")
redis.call("HSET", record, "collected_at", exact(now))
if message ~= "" then
  redis.call("HSET", record, "collect_error", message)
end
if said ~= "" then
  redis.call("SET", record .. ":insights", said)
end
redis.call("EXPIRE", call.key .. ":said", tail)
redis.call("EXPIRE", record .. ":words", tail)
if call.fresh then
  owe_end(call, account, now)
end
owe_finish(call.campaign, account, now)
return 1
