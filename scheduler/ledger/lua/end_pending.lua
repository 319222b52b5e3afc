--[[
  End some of the calls of a cancelled campaign that wait. The caller runs it again until none is left: a
  million at once would delay everybody's dials and stops.

    ARGV[1]  campaign
    ARGV[2]  most  calls to end in this step
    ARGV[3]  now   "" for the server's clock

  Returns how many still wait; 0 for a campaign that is not cancelled, of which none is ended.
]]
local campaign, now = ARGV[1], clock(ARGV[3])
local due = campaign_key(campaign, "due")

if not is_cancelled(campaign) then
  return 0
end
-- It does the same as `end_call` for each call, but counts them all at once: a fifth of the work.
local rows, ended_at = redis.call("ZRANGE", due, 0, tonumber(ARGV[2]) - 1), exact(now)
for _, row in ipairs(rows) do
  local key = ROOT .. "call:" .. campaign .. ":" .. row
  redis.call("HSET", key, "state", ENDED, "disposition", "skipped", "reason", "cancelled", "ended_at", ended_at)
  redis.call("HDEL", key, "error") -- an earlier attempt's
end
if #rows > 0 then
  local counts = campaign_key(campaign, "counts")
  redis.call("ZREM", due, unpack(rows))
  redis.call("HINCRBY", counts, PENDING, -#rows)
  redis.call("HINCRBY", counts, ENDED, #rows)
  to_count(campaign)
  tally(campaign, "skipped", "cancelled", #rows)
  close_when_done(campaign, now)
end
return redis.call("ZCARD", due)
