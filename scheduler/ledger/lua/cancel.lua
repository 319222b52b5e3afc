--[[
  Cancel the rest of a campaign, for good: from now on `begin` allows none of its starts, a claimed call ends,
  and nothing is retried. `end_pending` ends the calls that wait; live ones go on to their ends.

    ARGV[1]  campaign
    ARGV[2]  abort     "1" to stop its live calls now, also those whose answer is still to come
    ARGV[3]  patience  seconds for which a stop that is not confirmed keeps its slot
    ARGV[4…6] who, note, token of the operator
    ARGV[7]  seen      the campaign's `moves` as the operator saw them; "" for however it stands
    ARGV[8]  now       "" for the server's clock

  Returns the campaign's state, then its attempts that are live or whose phone may ring; nil if there is no
  such campaign, "moved_on" if it has changed since the operator saw it.
]]
local campaign, abort, patience, who = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local now = clock(ARGV[8])
local meta = campaign_key(campaign, "meta")

local state, account = unpack(redis.call("HMGET", meta, "state", "account"))
local seen = seen_as(campaign, ARGV[7], ARGV[6])
if state and seen == "moved_on" then
  return { seen }
end
if not state or state == "finished" then
  return state and { state } or nil
end

local answer, listed, prefix = { state }, {}, campaign .. ":"
for _, part in ipairs({ "slots", "live" }) do
  for _, attempt in ipairs(redis.call("ZRANGE", account_key(account, part), 0, -1)) do
    if string.sub(attempt, 1, #prefix) == prefix and not listed[attempt] then
      local call = call_of(attempt)
      if call.fresh and (call.state == DIALING or call.state == CONNECTED or call.state == STOPPING) then
        answer[#answer + 1], listed[attempt] = attempt, true
      end
    end
  end
end

if seen == "done" then
  return answer
end
if put_on_record(campaign, account, abort == "1" and "abort" or "cancel", who, ARGV[5], ARGV[6], now) then
  move_on(campaign)
end
redis.call("HSETNX", meta, "cancelled", who)
-- A campaign that is loading need not be sealed any more: rows that still come in are not called.
pause(campaign, account, now)
redis.call("HDEL", meta, "stopped_itself", "paused_by")
if abort == "1" then
  stop_live(campaign, account, patience, now)
end
close_when_done(campaign, now)
answer[1] = redis.call("HGET", meta, "state")
return answer
