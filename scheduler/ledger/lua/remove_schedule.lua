--[[
  Forget a schedule and its firings. The campaigns that it launched stay as they are.

    ARGV[1]  name

  Returns 1; 0 when there is none of this name.
]]
local name = ARGV[1]
local account = redis.call("HGET", schedule_key(name), "account")
if not account then
  return 0
end
look_at(account, name, "")
redis.call("ZREM", ROOT .. "schedules", name)
redis.call("UNLINK", schedule_key(name), schedule_key(name, "firings"), schedule_key(name, "fates"),
  schedule_key(name, "waiting"))
return 1
