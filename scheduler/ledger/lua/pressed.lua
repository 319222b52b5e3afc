--[[
  The callee pressed keys when a step asked for them. The first keys on record count, even if a later callback
  tells others.

    ARGV[1]  attempt
    ARGV[2]  step
    ARGV[3]  asked  how many times the step has asked, this time included
    ARGV[4]  keys   "" for none
    ARGV[5]  now    "" for the server's clock

  Returns the keys that count, when they came, when the callee answered ("" if nobody knows), for how many
  seconds from then the call may last, and from which number it was placed. If there is no such attempt, or it was
  erased, nothing is kept.
]]
local attempt, keys, now = ARGV[1], ARGV[4], clock(ARGV[5])
local record, field = attempt_key(attempt), "pressed:" .. ARGV[3] .. ":" .. ARGV[2]

local known = fields_of(record, "begun_at", "erased", "answered_at", "max_duration", "caller_id", field)
local told_at, told = string.match(known[6] or "", "^(%d+%.?%d*) (.*)$")
if not told_at then
  told_at, told = exact(now), keys
  if known[1] and not known[2] then
    redis.call("HSET", record, field, told_at .. " " .. keys)
  end
end
return { told, told_at, known[3] or "", tonumber(known[4]) and known[4] or "0", known[5] or "" }
