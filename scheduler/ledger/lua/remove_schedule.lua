--[[
  Forget a schedule and its firings. The campaigns that it launched stay as they are.

    ARGV[1]  name
    ARGV[2]  who   goes on record; "" for no record
    ARGV[3]  now   "" for the server's clock

  Returns 1; 0 when there is none of this name.
]]
local name, who = ARGV[1], ARGV[2]
local account = redis.call("HGET", schedule_key(name), "account")
if not account then
  return 0
end
look_at(account, name, "")
redis.call("ZREM", ROOT .. "schedules", name)
redis.call("UNLINK", schedule_key(name), schedule_key(name, "firings"), schedule_key(name, "fates"),
  schedule_key(name, "waiting"))
if who ~= "" then
  redis.call("XADD", ROOT .. "schedules:removed", "MAXLEN", 1000, "*", "at", exact(clock(ARGV[3])), "who", who,
    "name", name, "account", account)
end
return 1
