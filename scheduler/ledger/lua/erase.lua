--[[
  Erase what was said in a call. The record still says that it was made, and how it ended.

    ARGV[1]  campaign
    ARGV[2]  row
    ARGV[3]  now  "" for the server's clock

  Returns the conversations that the API knows of it.
]]
local campaign, row = ARGV[1], ARGV[2]
local call, now = call_at(campaign, row), clock(ARGV[3])
local meta = campaign_key(campaign, "meta")
local account = redis.call("HGET", meta, "account") or ""
local collect = account_key(account, "collect")

local conversations = {}
for number = 1, tonumber(call.current) do
  local attempt = campaign .. ":" .. row .. ":" .. number
  local record = attempt_key(attempt)
  local conversation = redis.call("HGET", record, "conversation_id")
  if conversation and conversation ~= "" then
    conversations[#conversations + 1] = conversation
  end
  redis.call("UNLINK", record .. ":insights", record .. ":words")
  redis.call("HDEL", record, "summaries", "read_digest", "reading")
  for _, field in ipairs(redis.call("HKEYS", record)) do
    if string.find(field, "^pressed:") or string.find(field, "^answer:") or string.find(field, "^intent:") then
      redis.call("HDEL", record, field)
    end
  end
  if redis.call("ZREM", collect, attempt) == 1 then
    redis.call("HINCRBY", meta, "collecting", -1)
    -- Nothing more will be read, so a webhook that waited for the transcript gets its message now.
    if number == tonumber(call.current) then
      owe_end(call, account, now)
    end
    owe_finish(campaign, account, now)
  end
  if redis.call("EXISTS", record) == 1 then
    redis.call("HSET", record, "erased", 1)
  end
end
redis.call("UNLINK", call.key .. ":said")
return conversations
