--[[
  Let a paused campaign go on.

    ARGV[1]  campaign

  Returns the campaign's state.
]]
local meta = campaign_key(ARGV[1], "meta")
if redis.call("HGET", meta, "state") == "paused" then
  redis.call("HSET", meta, "state", "active")
  redis.call("HDEL", meta, "aborting")
end
return redis.call("HGET", meta, "state")
