--[[
  Let one campaign of a kind begin, if no other one of that kind is under way.

  A campaign that is loading and has had no row for a while is not under way: its load has died. Nor is one
  that was admitted and never created.

    ARGV[1]  kind
    ARGV[2]  campaign
    ARGV[3]  broken_off  seconds after which a load that brings no row has died
    ARGV[4]  now         "" for the server's clock

  Returns the campaign that is under way; nil when this one may begin.
]]
local kind, campaign, broken_off, now = ARGV[1], ARGV[2], tonumber(ARGV[3]), clock(ARGV[4])
local kinds = ROOT .. "kinds"

local function is_under_way(other, admitted_at)
  local state, created_at, loaded_at =
    unpack(redis.call("HMGET", campaign_key(other, "meta"), "state", "created_at", "loaded_at"))
  if state and state ~= "loading" then
    return state ~= "finished"
  end
  return now - numeric(loaded_at or created_at, admitted_at) < broken_off
end

local before = redis.call("HGET", kinds, kind)
if before then
  local admitted_at, other = string.match(before, "^(%S+) (.+)$")
  if other ~= campaign and is_under_way(other, admitted_at) then
    return other
  end
end
redis.call("HSET", kinds, kind, exact(now) .. " " .. campaign)
return nil
