--[[
  Count, in a chunk of rows that may be loaded, the parties that other campaigns of the same name have. Changes
  nothing.

    ARGV[1]  campaign  that would call them; rows that it knows are not counted
    ARGV[2]  account
    ARGV[3]  name
    ARGV[4]  window    seconds for which a party that was called counts
    ARGV[5]  now       "" for the server's clock
    ARGV[6]  rows      packed, as `load` takes them

  Returns nil if there is no such campaign; else for each campaign that has some of them: its id, how many it has
  called, when it called the last ("" for none), and how many it has yet to call.
]]
local campaign, account, name, rows = ARGV[1], ARGV[2], ARGV[3], ARGV[6]
local others = namesakes(campaign, account, name, clock(ARGV[5]) - tonumber(ARGV[4]))
if not others then
  return nil
end

local known, found, at = campaign_key(campaign, "known"), {}, 1
while at <= #rows do
  local identity, party, _, record
  identity, party, _, _, record, _, at = unpack_row(rows, at)
  local earlier, called_at
  if party ~= "" and redis.call("HEXISTS", known, identity) == 0 then
    earlier, called_at = who_has(others, party, record)
  end
  if earlier then
    local counted = found[earlier] or { called = 0, last_at = 0, waiting = 0 }
    found[earlier] = counted
    if called_at then
      counted.called, counted.last_at = counted.called + 1, math.max(counted.last_at, tonumber(called_at))
    else
      counted.waiting = counted.waiting + 1
    end
  end
end

local answer = {}
for earlier, counted in pairs(found) do
  local last_at = counted.called > 0 and exact(counted.last_at) or ""
  for _, part in ipairs({ earlier, counted.called, last_at, counted.waiting }) do
    answer[#answer + 1] = part
  end
end
return answer
