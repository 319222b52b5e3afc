--[[
  Pause a schedule, or resume it. Pausing a paused schedule changes only the note.

    ARGV[1]  name
    ARGV[2]  state   "paused" or "active"
    ARGV[3]  note    why
    ARGV[4]  who
    ARGV[5]  now     "" for the server's clock

  Returns 1; 0 when there is none of this name.
]]
local name, state, note, who, now = ARGV[1], ARGV[2], ARGV[3], ARGV[4], clock(ARGV[5])
local record = schedule_key(name)

local before = redis.call("HGET", record, "state")
if not before then
  return 0
end
if state == "paused" then
  if before ~= "paused" then
    redis.call("HSET", record, "paused_at", exact(now))
    redis.call("HDEL", record, "resumed_at")
  end
  redis.call("HSET", record, "state", "paused", "note", note, "changed_by", who, "changed_at", exact(now))
elseif before == "paused" then
  redis.call("HSET", record, "state", "active", "resumed_at", exact(now), "changed_by", who,
    "changed_at", exact(now))
end
return 1
