--[[
  The operator ends one live call now. A call whose start is under way is stopped when its answer comes.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  patience  seconds for which a stop that is not confirmed keeps its slot
    ARGV[4…6] who, note, token of the operator
    ARGV[7]  now       "" for the server's clock

  Returns the state of the call; "" if it has a later attempt.
]]
local account, attempt, patience = ARGV[1], ARGV[2], tonumber(ARGV[3])
local now = clock(ARGV[7])
local call = call_of(attempt)

if not call.fresh then
  return ""
end
if call.state == CONNECTED or call.state == DIALING then
  put_on_record(call.campaign, account, "stop", ARGV[4], ARGV[5], ARGV[6], now)
end
if call.state == CONNECTED then
  move(call, STOPPING)
  owe_stop(account, attempt, "aborted", patience, now)
elseif call.state == DIALING then
  redis.call("HSET", attempt_key(attempt), "stop_wanted", 1)
end
return call.state
