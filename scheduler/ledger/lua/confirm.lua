--[[
  The connection of an attempt is certainly over: free its slot and end its call.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  disposition      of the call, if this attempt is its current one
    ARGV[4]  reason           of it, "" for none
    ARGV[5]  conversation_id  "" when the answer has none
    ARGV[6]  summaries        the summary pages that the answer names, "" for none
    ARGV[7]  ago              seconds since the API confirmed the end, if it could not be recorded at once
    ARGV[8]  now              "" for the server's clock

  Returns 1; 0 if the end was on record already, or if no connection is.
]]
local account, attempt, disposition, reason, conversation, summaries = unpack(ARGV, 1, 6)
local ago, now = tonumber(ARGV[7]), clock(ARGV[8])
local call, record = call_of(attempt), attempt_key(attempt)

if ago >= 1 and redis.call("HEXISTS", record, "over_at") == 0 then
  redis.call("HSETNX", record, "gone_at", exact(now - ago))
end
if not close_connection(call, account, now) then
  return 0
end
if conversation ~= "" then
  redis.call("HSET", record, "conversation_id", conversation)
end
if summaries ~= "" then
  redis.call("HSET", record, "summaries", summaries)
end
owe_collect(call, account, now)
if call.fresh then
  if call.state == CONNECTED then
    move(call, STOPPING)
  end
  if call.state == STOPPING then
    end_attempt(call, disposition, reason, "", now)
  end
end
return 1
