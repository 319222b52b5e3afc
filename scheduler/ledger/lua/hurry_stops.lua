--[[
  Make the stops that wait to be sent again due now: a worker has started, and the fault that delayed them may be
  over. Stops that wait between two answers "no such connection" go on waiting.

    ARGV[1]  account
    ARGV[2]  now      "" for the server's clock
]]
local account, now = ARGV[1], clock(ARGV[2])
local stops = account_key(account, "stops")

for _, attempt in ipairs(redis.call("ZRANGEBYSCORE", stops, "(" .. exact(now), "+inf")) do
  if redis.call("HEXISTS", attempt_key(attempt), "denied_at") == 0 then
    redis.call("ZADD", stops, exact(now), attempt)
  end
end
