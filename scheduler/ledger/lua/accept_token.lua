--[[
  The API accepted a token on trial, so its predecessor had merely expired.

    ARGV[1]  key    of the token
    ARGV[2]  value  that was accepted
]]
local key, value = ARGV[1], ARGV[2]
if redis.call("HGET", key, "value") == value then
  redis.call("HSET", key, "on_trial", 0)
  redis.call("DEL", key .. ":refused")
end
