--[[
  Say what became of news that was sent to a webhook.

    ARGV[1]  account
    ARGV[2]  news
    ARGV[3]  fate   "delivered" or "given_up": it is owed no more; "" when it is to be sent again
    ARGV[4]  delay  seconds until then
    ARGV[5]  now    "" for the server's clock

  Returns 1; 0 when it was owed no more.
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
