--[[
  Order the stop of a live connection because news hint at its end: the far end has hung up, or a machine has
  answered. A hint proves nothing, so the slot stays taken until a stop is confirmed; but the stop is due now.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  why       hung_up, machine, not_reached, or no_answer (only for a call that nobody has answered)
    ARGV[4]  patience  seconds for which a stop that is not confirmed keeps its slot
    ARGV[5]  now       "" for the server's clock

  Returns 1 if the stop is due for this reason; 0 if one was due before, or the call is over.
]]
local account, attempt, why, patience = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local now = clock(ARGV[5])
local call, record = call_of(attempt), attempt_key(attempt)

if redis.call("HEXISTS", record, "connection_id") == 0 or redis.call("HEXISTS", record, "over_at") == 1 then
  return 0
end
if why == "hung_up" then
  redis.call("HSETNX", record, "hinted_at", exact(now))
end
if not call.fresh or call.state ~= CONNECTED
  or why == "no_answer" and redis.call("HEXISTS", record, "answered_at") == 1 then
  return 0
end
move(call, STOPPING)
owe_stop(account, attempt, why, patience, now)
return 1
