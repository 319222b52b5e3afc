--[[
  The API answered 401 to a token: nobody uses it again, and its successor is on trial.

  If many requests were under way with it, the first refusal removes it; the others find another token here,
  and change nothing.

    ARGV[1]  key      of the token
    ARGV[2]  value    that was refused
    ARGV[3]  trial    seconds for which the refusal is remembered

  Returns 1 if this token was itself on trial, so that the credentials are wrong; else 0.
]]
local key, value, trial = ARGV[1], ARGV[2], ARGV[3]

local kept, on_trial = unpack(redis.call("HMGET", key, "value", "on_trial"))
if kept ~= value then
  return 0
end
redis.call("DEL", key)
redis.call("SET", key .. ":refused", 1, "EX", trial)
return on_trial == "1" and 1 or 0
