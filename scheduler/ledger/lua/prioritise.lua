--[[
  Change the class of a campaign, and its share within it. In another class it joins the wheel where
  that class stands, so that it neither waits nor overtakes.

    ARGV[1]  campaign
    ARGV[2]  priority
    ARGV[3]  weight   "" to keep it
    ARGV[4…6] who, note, token of the operator
    ARGV[7]  now      "" for the server's clock

  Returns the campaign's state; nil when there is no such campaign.
]]
local campaign, priority, weight = ARGV[1], ARGV[2], ARGV[3]
local now = clock(ARGV[7])
local meta = campaign_key(campaign, "meta")

local state, account, before = unpack(redis.call("HMGET", meta, "state", "account", "priority"))
if not state or state == "finished" then
  return state
end
put_on_record(campaign, account, "priority", ARGV[4], ARGV[5], ARGV[6], now)
redis.call("HSET", meta, "priority", priority)
if weight ~= "" then
  redis.call("HSET", meta, "weight", weight)
end
if numeric(before, 0) ~= tonumber(priority) then
  local turn = redis.call("HGET", account_key(account, "meta"), "turn:" .. priority)
  redis.call("ZADD", account_key(account, "campaigns"), "XX", turn or 0, campaign)
  leave_class(account, before, campaign)
  look_at(account, campaign, 0)
end
return state
