--[[
  Change the class of a campaign, and its share within it. In another class it joins the wheel where
  that class stands, so that it neither waits nor overtakes.

    ARGV[1]  campaign
    ARGV[2]  priority
    ARGV[3]  weight   "" to keep it
    ARGV[4…6] who, note, token of the operator
    ARGV[7]  seen     the campaign's `moves` as the operator saw them; "" for however it stands
    ARGV[8]  now      "" for the server's clock

  Returns the campaign's state; nil if there is no such campaign, "moved_on" if it has changed since it was seen.
]]
local campaign, priority, weight = ARGV[1], ARGV[2], ARGV[3]
local now = clock(ARGV[8])
local meta = campaign_key(campaign, "meta")

local state, account, before = unpack(redis.call("HMGET", meta, "state", "account", "priority"))
local seen = state and seen_as(campaign, ARGV[7], ARGV[6])
if seen == "moved_on" then
  return seen
end
if not state or state == "finished" or seen == "done" then
  return state
end
if put_on_record(campaign, account, "priority", ARGV[4], ARGV[5], ARGV[6], now) then
  move_on(campaign)
end
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
