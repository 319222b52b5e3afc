--[[
  Resume a paused campaign. If it stopped itself, it counts failures from zero again, and has no canary any more,
  because an operator has decided. A cancelled campaign never goes on.

    ARGV[1]  campaign
    ARGV[2…4] who, note, token of the operator; who is "" when there is nothing to record
    ARGV[5]  seen  the campaign's `moves` as the operator saw them; "" for however it stands
    ARGV[6]  now   "" for the server's clock

  Returns the campaign's state, or "cancelled"; "moved_on" if it has changed since the operator saw it.
]]
local campaign, now = ARGV[1], clock(ARGV[6])
local meta = campaign_key(campaign, "meta")

local state = redis.call("HGET", meta, "state")
local seen = seen_as(campaign, ARGV[5], ARGV[4])
if seen ~= "go" then
  return seen == "done" and state or seen
end
if is_cancelled(campaign) then
  return "cancelled"
end
if state == "paused" or redis.call("HEXISTS", meta, "paused_by") == 1 then
  put_on_record(campaign, account_of(campaign), "resume", ARGV[2], ARGV[3], ARGV[4], now)
  move_on(campaign)
  redis.call("HDEL", meta, "paused_by")
end
if state == "paused" then
  redis.call("HSET", meta, "state", "active")
  to_count(campaign)
  redis.call("ZREM", account_key(account_of(campaign), "paused"), campaign)
  look_at(account_of(campaign), campaign, 0)
  redis.call("HDEL", meta, "aborting")
  if redis.call("HDEL", meta, "stopped_itself") == 1 then
    redis.call("HDEL", meta, "canary")
    redis.call("DEL", campaign_key(campaign, "outcomes"), campaign_key(campaign, "failures"))
  end
end
return redis.call("HGET", meta, "state")
