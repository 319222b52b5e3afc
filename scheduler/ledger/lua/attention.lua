--[[
  Find, among some campaigns, those that may need a person. Changes nothing.

    ARGV[1]  from  the newest campaign is 0
    ARGV[2]  most  campaigns to look at
    ARGV[3…] labels of dispositions that a person has to look at, besides those of unknown calls

  Returns how many it looked at, and for each that may need a person: its id, when it was created, account, name,
  state, how many rows it has, why it stopped itself ("" if it did not), "1" if calls of it may wait to be dialled
  again after a start whose answer was lost, and these dispositions with their counts.
]]
local from, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local campaigns = redis.call("ZREVRANGE", ROOT .. "campaigns", from, from + most - 1, "WITHSCORES")

local is_named = {}
for at = 3, #ARGV do
  is_named[ARGV[at]] = true
end
local function needs_a_person(label)
  return is_named[label] or string.find(label, "^unknown")
end

local answer = { #campaigns / 2 }
for at = 1, #campaigns, 2 do
  local campaign = campaigns[at]
  local meta = fields_of(campaign_key(campaign, "meta"), "account", "name", "state", "total", "stopped_itself",
    "retired_at")
  local account, name, state, total, why, retired = unpack(meta, 1, 6)
  if account and not retired then
    local dispositions, wanted = redis.pcall("HGETALL", campaign_key(campaign, "dispositions")), {}
    for field = 1, dispositions.err and 0 or #dispositions, 2 do
      if needs_a_person(dispositions[field]) and tonumber(dispositions[field + 1]) ~= 0 then
        wanted[#wanted + 1] = dispositions[field]
        wanted[#wanted + 1] = dispositions[field + 1]
      end
    end
    local waits = state ~= "finished" and policy_of(campaign).on_unknown == "redial" and "1" or ""
    if #wanted > 0 or why or waits == "1" then
      answer[#answer + 1] = { campaign, campaigns[at + 1], account, name or "", state or "", total or "0", why or "", waits, wanted }
    end
  end
end
return answer
