--[[
  Order the stop of a live connection because news hint at its end: the far end has hung up, or a machine has
  answered. A hint proves nothing, so the slot stays taken until a stop is confirmed; but the stop is due now.
  A caller that can send it at once takes it in this step, and with it nothing else that may be due.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  why       hung_up, machine, not_reached, or no_answer (only for a call that nobody has answered)
    ARGV[4]  patience  seconds for which a stop that is not confirmed keeps its slot
    ARGV[5]  now       "" for the server's clock
    ARGV[6…] delays: as for `take_stops`, if the caller takes the stop; none if it leaves the stop to others

  Returns 1 if the stop is due for this reason, or, to a caller that takes it, the order as `take_stops` does. If
  the same hint comes again before the stop has been taken a second time, it returns the order again: perhaps the
  first answer was lost. Returns 0 if a stop was due before, or the call is over.
]]
local account, attempt, why, patience = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local now, delays = clock(ARGV[5]), { unpack(ARGV, 6) }
local call, record = call_of(attempt), attempt_key(attempt)
local connection, over_at, answered_at, stop_why, sendings, owed_at, deadline = unpack(redis.call("HMGET", record,
  "connection_id", "over_at", "answered_at", "stop_why", "stop_sendings", "stop_owed_at", "deadline"))
local is_taken = #delays > 0

if not connection or over_at then
  return 0
end
if why == "hung_up" then
  redis.call("HSETNX", record, "hinted_at", exact(now))
end
if call.fresh and call.state == CONNECTED and not (why == "no_answer" and answered_at) then
  move(call, STOPPING)
  owe_stop(account, attempt, why, patience, now)
  return is_taken and take_stop(account, attempt, math.huge, delays, now) or 1
end
if is_taken and stop_why == why and sendings == "1" then
  owed_at = numeric(owed_at, now)
  return { attempt, connection, why, exact(numeric(deadline, owed_at)), 1, exact(now - owed_at) }
end
return 0
