--[[
  Pause a campaign: from now on `begin` allows none of its starts. A campaign that is loading is paused when it
  is sealed.

    ARGV[1]  campaign
    ARGV[2]  abort     "1" to stop its live calls now, also those whose answer is still to come
    ARGV[3]  patience  seconds for which a stop that is not confirmed keeps its slot
    ARGV[4]  what      the operator calls it, for the record
    ARGV[5…7] who, note, token of the operator; who is "" when there is nothing to record
    ARGV[8]  seen      the campaign's `moves` as the operator saw them; "" for however it stands
    ARGV[9]  now       "" for the server's clock

  Returns how many live calls have their stop due now; -1 if the campaign has changed since the operator saw it.
]]
local campaign, abort, patience = ARGV[1], ARGV[2], tonumber(ARGV[3])
local who, now = ARGV[5], clock(ARGV[9])
local meta = campaign_key(campaign, "meta")

local state, account = unpack(redis.call("HMGET", meta, "state", "account"))
local seen = seen_as(campaign, ARGV[8], ARGV[7])
if seen == "moved_on" then
  return -1
end
if not state or state == "finished" or seen == "done" then
  return 0
end
local is_new = put_on_record(campaign, account, ARGV[4], who, ARGV[6], ARGV[7], now)
if is_new or (who == "" and state == "active") then
  move_on(campaign)
end
if who ~= "" and abort ~= "1" then
  redis.call("HSET", meta, "paused_by", who)
end
-- A campaign that is loading has no live call.
if state == "loading" then
  return 0
end
pause(campaign, account, now)
return abort == "1" and stop_live(campaign, account, patience, now) or 0
