--[[
  Release the leases of a listener that shuts down, so that other listeners can take them at once.

    ARGV[1]  account
    ARGV[2]  listener
    ARGV[3…] attempts
]]
local account, listener = ARGV[1], ARGV[2]
for at = 3, #ARGV do
  if redis.call("HGET", attempt_key(ARGV[at]), "ear") == listener then
    redis.call("HSET", attempt_key(ARGV[at]), "ear", "", "socket", "shut")
    redis.call("ZADD", account_key(account, "ears"), "XX", 0, ARGV[at])
  end
end
