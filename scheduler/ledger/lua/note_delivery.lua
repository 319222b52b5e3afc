--[[
  Record whether a webhook accepted a message.

    ARGV[1]  account
    ARGV[2]  news   the message's entry
    ARGV[3]  fate   "delivered" or "given_up": it is not owed any more; "" to send it again
    ARGV[4]  delay  seconds until then
    ARGV[5]  now    "" for the server's clock

  Returns 1; 0 if it was not owed any more.
]]
local account, news, fate, delay = unpack(ARGV, 1, 4)
local webhooks = account_key(account, "webhooks")

if fate == "" then
  return redis.call("ZADD", webhooks, "XX", "CH", exact(clock(ARGV[5]) + tonumber(delay)), news)
end
redis.call("HDEL", account_key(account, "tellings"), news)
if redis.call("ZREM", webhooks, news) == 0 then
  return 0
end
count(account, "webhooks:" .. fate)
return 1
