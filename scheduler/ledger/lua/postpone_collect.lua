--[[
  What was read of a conversation is not complete yet: have it read again later.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  digest  of what was read; "" when nothing was there yet
    ARGV[4]  delay   seconds until the next reading
    ARGV[5]  now     "" for the server's clock

  Returns 1; 0 if it is not to be read any more.
]]
local account, attempt, digest, delay = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local now = clock(ARGV[5])
local collect = account_key(account, "collect")

if not redis.call("ZSCORE", collect, attempt) then
  return 0
end
redis.call("HINCRBY", attempt_key(attempt), "reads", 1)
redis.call("HSET", attempt_key(attempt), "read_digest", digest)
redis.call("HDEL", attempt_key(attempt), "reading")
redis.call("ZADD", collect, "XX", exact(now + delay), attempt)
return 1
