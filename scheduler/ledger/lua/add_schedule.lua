--[[
  Keep a schedule, unless there is one of this name.

    ARGV[1]  name
    ARGV[2]  account   whose workers launch it
    ARGV[3]  next_at   its first firing
    ARGV[4]  now       "" for the server's clock
    ARGV[5…] fields of its record and their values; "rule" says when and what it launches

  Returns "added", "same" (there is one that launches the same at the same times), or "other".
]]
local name, account, next_at, now = ARGV[1], ARGV[2], ARGV[3], clock(ARGV[4])
local record = schedule_key(name)

local given = {}
for at = 5, #ARGV, 2 do
  given[ARGV[at]] = ARGV[at + 1]
end
local rule, owner = unpack(redis.call("HMGET", record, "rule", "account"))
if rule then
  return rule == given.rule and owner == account and "same" or "other"
end
redis.call("HSET", record, "account", account, "state", "active", "next_at", next_at,
  "created_at", exact(now), unpack(ARGV, 5))
redis.call("ZADD", ROOT .. "schedules", exact(now), name)
look_at(account, name, next_at)
return "added"
