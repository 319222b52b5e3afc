--[[
  Record the answer to a step; if the callee asks never to be called again, put the address on the do-not-call
  list in the same script.

    ARGV[1]  attempt
    ARGV[2]  step
    ARGV[3]  keys
    ARGV[4]  bars  the address that is not to be called any more; "" for none
    ARGV[5]  now   "" for the server's clock

  The first answer stays. Returns 1; 0 if there was one, or if nothing of the call may be kept.
]]
local attempt, step, keys, bars, now = ARGV[1], ARGV[2], ARGV[3], ARGV[4], clock(ARGV[5])
local record = attempt_key(attempt)

if bars ~= "" then
  put_on_list(bars, "asked for it in " .. attempt, now)
end
local begun_at, erased = unpack(fields_of(record, "begun_at", "erased"), 1, 2)
if begun_at and bars ~= "" then
  opted_out(attempt)
end
if not begun_at or erased then
  return 0
end
return redis.call("HSETNX", record, "answer:" .. step, keys)
