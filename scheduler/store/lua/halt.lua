--[[
  Pause a campaign: from now on `begin` lets none of its starts out.

    ARGV[1]  campaign
    ARGV[2]  abort     "1" to stop its live calls now, also those whose answer is still to come
    ARGV[3]  patience  seconds for which a stop that is not confirmed keeps its slot
    ARGV[4]  now       "" for the server's clock

  Returns how many live calls were ordered to stop.
]]
local campaign, abort, patience = ARGV[1], ARGV[2], tonumber(ARGV[3])
local now = clock(ARGV[4])
local meta = campaign_key(campaign, "meta")

local state, account = unpack(redis.call("HMGET", meta, "state", "account"))
-- One that is loading has no live call, and one that is finished none that can be aborted.
if state ~= "active" and state ~= "paused" then
  return 0
end
redis.call("HSET", meta, "state", "paused")
if abort ~= "1" then
  return 0
end
redis.call("HSET", meta, "aborting", 1)
local stopped = 0
for _, attempt in ipairs(redis.call("ZRANGE", account_key(account, "live"), 0, -1)) do
  local call = call_of(attempt)
  if call.campaign == campaign and call.fresh and call.state == CONNECTED then
    move(call, STOPPING)
    owe_stop(account, attempt, "aborted", patience, now)
    stopped = stopped + 1
  end
end
return stopped
