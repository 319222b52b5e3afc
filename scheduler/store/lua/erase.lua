--[[
  Erase what was said in a call; that it was called, and how it ended, stays on record.

    ARGV[1]  campaign
    ARGV[2]  row

  Returns the conversations that the API knows of it.
]]
local campaign, row = ARGV[1], ARGV[2]
local call = call_at(campaign, row)
local meta = campaign_key(campaign, "meta")
local collect = account_key(redis.call("HGET", meta, "account") or "", "collect")

local conversations = {}
for number = 1, tonumber(call.current) do
  local attempt = campaign .. ":" .. row .. ":" .. number
  local record = attempt_key(attempt)
  local conversation = redis.call("HGET", record, "conversation_id")
  if conversation and conversation ~= "" then
    conversations[#conversations + 1] = conversation
  end
  redis.call("UNLINK", record .. ":insights")
  redis.call("HDEL", record, "summaries", "read_digest")
  if redis.call("ZREM", collect, attempt) == 1 then
    redis.call("HINCRBY", meta, "collecting", -1)
  end
  if redis.call("EXISTS", record) == 1 then
    redis.call("HSET", record, "erased", 1)
  end
end
redis.call("UNLINK", call.key .. ":said")
return conversations
