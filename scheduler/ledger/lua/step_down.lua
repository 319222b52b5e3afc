--[[
  Give the lease back by which a worker reads an account's calls.

    ARGV[1]  account
    ARGV[2]  token    of the worker
]]
local key = account_key(ARGV[1], "poller")
if redis.call("GET", key) == ARGV[2] then
  redis.call("DEL", key)
end
