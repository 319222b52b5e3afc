--[[
  End an attempt that has no connection: rejected, unknown, or skipped. The campaign may have its call dialled
  again.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  disposition
    ARGV[4]  reason   "" for none
    ARGV[5]  message  what the provider said, "" for nothing
    ARGV[6]  hold     seconds for which the slot stays taken; 0 frees it
    ARGV[7]  signal   "answered", "failed" or "": what this says about the provider
    ARGV[8]  now      "" for the server's clock

  Returns 1; 0 when the attempt is stale.
]]
local account, attempt, disposition, reason, message = unpack(ARGV, 1, 5)
local hold, signal, now = tonumber(ARGV[6]), ARGV[7], clock(ARGV[8])
local call, slots = call_of(attempt), account_key(account, "slots")

if not call.fresh or (call.state ~= CLAIMED and call.state ~= DIALING) then
  return 0
end
if disposition == "unknown" then
  lose_call(call, account, reason, message, hold, now)
else
  if call.state == DIALING then
    not_called(call)
    end_attempt(call, disposition, reason, message, now)
  else
    end_call(call, disposition, reason, message, now)
  end
  if hold > 0 then
    hold_slot(account, attempt, now + hold)
  else
    redis.call("ZREM", slots, attempt)
  end
end
hear(account, attempt, signal, now)
return 1
