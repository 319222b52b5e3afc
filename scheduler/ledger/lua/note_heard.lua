--[[
  Keep what was heard of the callee on a call; if the callee asks never to be called again, put the address on
  the do-not-call list in the same script.

    ARGV[1]  attempt
    ARGV[2]  answered_by  human or machine; "" if nobody knows
    ARGV[3]  bars         the address that is not to be called any more; "" for none
    ARGV[4]  now          "" for the server's clock
    ARGV[5…] intents      that were heard, by their names

  What was heard first stays. Returns 1; 0 if nothing of the call may be kept.
]]
local attempt, answered_by, bars, now = ARGV[1], ARGV[2], ARGV[3], clock(ARGV[4])
local record = attempt_key(attempt)

if bars ~= "" then
  put_on_list(bars, "asked for it in " .. attempt, now)
end
local begun_at, erased = unpack(fields_of(record, "begun_at", "erased"), 1, 2)
if not begun_at then
  return 0
end
if bars ~= "" then
  opted_out(attempt)
end
if answered_by ~= "" then
  redis.call("HSETNX", record, "answered_by", answered_by)
end
for at = 5, erased and 4 or #ARGV do
  redis.call("HSETNX", record, "intent:" .. ARGV[at], exact(now))
end
return 1
