--[[
  A worker read a finished call once more for its price, which comes later. The call holds no slot.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  delay    seconds until it is read again if the price is still missing; "" for never
    ARGV[4]  now      "" for the server's clock
    ARGV[5…] field and value, for each fact that was read
]]
local account, attempt, delay, now = ARGV[1], ARGV[2], ARGV[3], clock(ARGV[4])
local record, prices = attempt_key(attempt), account_key(account, "prices")

if redis.call("HEXISTS", record, "over_at") == 0 then
  redis.call("ZREM", prices, attempt) -- its campaign is gone, or another call has its place
  return
end
if #ARGV > 4 then
  redis.call("HSET", record, unpack(ARGV, 5))
end
if delay == "" or redis.call("HEXISTS", record, "price") == 1 then
  redis.call("ZREM", prices, attempt)
  redis.call("HDEL", record, "price_reads")
else
  redis.call("ZADD", prices, "XX", exact(now + tonumber(delay)), attempt)
  redis.call("HINCRBY", record, "price_reads", 1)
end
