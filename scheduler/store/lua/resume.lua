--[[
  Let a paused campaign go on. One that stopped itself looks at its failures afresh, and its first few
  calls need not go well any more: somebody has decided.

    ARGV[1]  campaign

  Returns the campaign's state.
]]
local meta = campaign_key(ARGV[1], "meta")
if redis.call("HGET", meta, "state") == "paused" then
  redis.call("HSET", meta, "state", "active")
  redis.call("HDEL", meta, "aborting")
  if redis.call("HDEL", meta, "stopped_itself") == 1 then
    redis.call("HDEL", meta, "canary")
    redis.call("DEL", campaign_key(ARGV[1], "outcomes"), campaign_key(ARGV[1], "failures"))
  end
end
return redis.call("HGET", meta, "state")
