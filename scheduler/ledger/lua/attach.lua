--[[
  The conversation of an unknown call was found by its name, so the call was placed. It stays unknown, and
  nobody dials it again.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  conversation_id
    ARGV[4]  started_at  "" when the API does not say
    ARGV[5]  ended_at    "" when the API does not say that it is over
    ARGV[6]  now         "" for the server's clock

  Returns "attached", "known" (it was attached before) or "stale" (the call is unknown no longer); and "1" if the
  conversation is due to be read, or has been. A conversation that may be live becomes due when this script
  runs again later.
]]
local account, attempt, conversation, started_at, ended_at = unpack(ARGV, 1, 5)
local now = clock(ARGV[6])
local call, record = call_of(attempt), attempt_key(attempt)

local disposition, reason, lost = unpack(redis.call("HMGET", call.key, "disposition", "reason", "lost"))
local number = string.match(attempt, "(%d+)$")
local waits = call.state == PENDING and lost == number
local is_over = call.fresh and call.state == ENDED
if redis.call("HEXISTS", record, "connection_id") == 1
  or not (waits or is_over and (disposition == "unknown" or reason == "not_placed")) then
  return { "stale", "" }
end

local said = "attached"
local before = redis.call("HGET", record, "conversation_id")
if before and before ~= "" then
  said, conversation = "known", before
end
redis.call("HSET", record, "conversation_id", conversation)
if started_at ~= "" then
  redis.call("HSET", record, "started_at", started_at)
end
if waits then
  redis.call("ZREM", campaign_key(call.campaign, "due"), call.row)
  end_call(call, "unknown", "placed", "", now)
else
  if disposition ~= "unknown" then
    count_attempts(call, 1)
  end
  if reason ~= "placed" then
    amend(call, "unknown", "placed", now)
  end
end

local may_live = ended_at == "" and redis.call("ZSCORE", account_key(account, "held"), attempt)
if may_live then
  return { said, "" }
end
local collected, failed = unpack(redis.call("HMGET", record, "collected_at", "collect_error"))
if not collected or failed then
  local over_at = ended_at ~= "" and math.min(tonumber(ended_at), now) or now
  redis.call("HSETNX", record, "over_at", exact(over_at))
  redis.call("HDEL", record, "collected_at", "collect_error")
  owe_collect(call, account, now)
end
return { said, "1" }
