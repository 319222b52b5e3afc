--[[
  Take back calls that wait in the provider's queue and must not ring any more, because their campaign is
  paused or cancelled, their number is on the do-not-call list, or their calling hours are over.

    ARGV[1]  account
    ARGV[2]  patience  seconds for which a stop that is not confirmed keeps its slot
    ARGV[3]  now       "" for the server's clock
    ARGV[4…] attempts

  Returns how many were taken back.
]]
local account, patience, now = ARGV[1], tonumber(ARGV[2]), clock(ARGV[3])
local asked = { campaign = true, do_not_call = true, closing = true }

-- What follows once it is taken back, and when or why; nil if the call may ring.
local function follows_of(call, closes_at)
  local facts = facts_of(call, account, 0, 0, closes_at, now)
  for _, each in ipairs(RULES) do
    if asked[each.name] then
      local _, verdict, detail = each.judge(facts)
      if verdict then
        return verdict, detail
      end
    end
  end
end

local taken = 0
for at = 4, #ARGV do
  local call = call_of(ARGV[at])
  local stage, closes_at = unpack(redis.call("HMGET", attempt_key(ARGV[at]), "stage", "closes_at"))
  if call.fresh and call.state == CONNECTED and stage == "queued" then
    local verdict, detail = follows_of(call, closes_at or "")
    if verdict == "skip" then
      taken = taken + take_back(account, call, "skipped", detail, now, patience, now)
    elseif verdict then
      taken = taken + take_back(account, call, "pending", "", numeric(detail, now), patience, now)
    end
  end
end
return taken
