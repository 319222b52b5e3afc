--[[
  Replace the learned limit, if it is still the one that was looked at.

    ARGV[1]  account
    ARGV[2]  version   of the limit that was seen
    ARGV[3…5]  learned, refusals, raise_at

  Returns 1; 0 when another worker has changed it since.
]]
local account, seen, learned, refusals, raise_at = unpack(ARGV)
local meta = account_key(account, "meta")

if (redis.call("HGET", meta, "limit_version") or "0") ~= seen then
  return 0
end
redis.call("HSET", meta, "learned", learned, "refusals", refusals, "raise_at", raise_at)
redis.call("HINCRBY", meta, "limit_version", 1)
return 1
