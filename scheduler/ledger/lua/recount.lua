--[[
  Count an account's campaigns in each state, and the calls of those that are not finished. A campaign's record
  says what of it is counted already (`counted`), so the script adds only the difference, once.

    ARGV[1]  most      how many of the campaigns that have changed to count at once
    ARGV[2…] campaigns to count as well: workers of the previous release do not report that they have changed

  Returns how many campaigns that have changed are left.
]]
local CALL_STATES = { PENDING, CLAIMED, DIALING, CONNECTED, STOPPING, ENDED }

-- What is counted of a campaign as it stands; only its state if its calls are not counted.
local function standing(campaign, state)
  if state == "finished" then
    return state
  end
  local calls = fields_of(campaign_key(campaign, "counts"), unpack(CALL_STATES))
  for at = 1, #CALL_STATES do
    calls[at] = string.format("%d", numeric(calls[at], 0))
  end
  return state .. " " .. table.concat(calls, " ")
end

local function words_of(counted)
  local words = {}
  for word in string.gmatch(counted or "", "%S+") do
    words[#words + 1] = word
  end
  return words
end

local function recount(campaign)
  local meta = campaign_key(campaign, "meta")
  local account, state, before = unpack(fields_of(meta, "account", "state", "counted"), 1, 3)
  local counted = account and state and standing(campaign, state)
  if not counted or counted == before then
    return
  end
  redis.call("HSET", meta, "counted", counted)
  local census, was, is = account_key(account, "census"), words_of(before), words_of(counted)
  if was[1] ~= state then
    increase(census, "campaigns:" .. state, 1)
    if was[1] then
      increase(census, "campaigns:" .. was[1], -1)
    end
  end
  for at, each in ipairs(CALL_STATES) do
    local by = numeric(is[at + 1], 0) - numeric(was[at + 1], 0)
    if by ~= 0 then
      increase(census, "calls:" .. each, by)
    end
  end
end

local changed = ROOT .. "uncounted"
for _, campaign in ipairs(redis.call("SPOP", changed, ARGV[1])) do
  recount(campaign)
end
for _, campaign in ipairs({ unpack(ARGV, 2) }) do
  recount(campaign)
end
return redis.call("SCARD", changed)
