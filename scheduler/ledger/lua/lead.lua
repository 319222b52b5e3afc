--[[
  Take or keep the lease by which one worker reads an account's calls.

    ARGV[1]  account
    ARGV[2]  token    of the worker
    ARGV[3]  lease    seconds
    ARGV[4]  is_exclusive  "1" if nobody else uses the account: then a lost call that is found is attached

  Returns "taken", "kept", or "" when another worker has it.
]]
local key, token, lease = account_key(ARGV[1], "poller"), ARGV[2], math.ceil(tonumber(ARGV[3]) * 1000)
local owner = redis.call("GET", key)
if owner and owner ~= token then
  return ""
end
redis.call("SET", key, token, "PX", lease)
if not owner then
  redis.call("HSET", account_key(ARGV[1], "meta"), "exclusive", ARGV[4]) -- for a command that waits for a search
end
return owner and "kept" or "taken"
