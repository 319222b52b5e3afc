--[[
  Take calls of which a callback said that they are over: a worker must read them now. If it takes a call and
  does not read it, the next ordinary read does.

    ARGV[1]  account
    ARGV[2]  most  how many at once

  Returns their attempts.
]]
local account, most = ARGV[1], tonumber(ARGV[2])
local heard, taken = account_key(account, "heard"), {}

for _, attempt in ipairs(redis.call("ZRANGE", heard, 0, most - 1)) do
  if is_attempt(attempt) then
    redis.call("ZREM", heard, attempt)
    taken[#taken + 1] = attempt
  else
    set_aside(account, "heard", attempt, "it is no attempt")
  end
end
return taken
