--[[
  Take a message that is owed to a webhook; if its sender dies, it is due again.

    ARGV[1]   account
    ARGV[2]   now     "" for the server's clock
    ARGV[3…]  leases  seconds until it is due again: after it is taken for the first time, the second …

  Returns the message's entry, how often it was taken (this time included), and the campaign's policy; nil if
  nothing is due.
]]
local account, now = ARGV[1], clock(ARGV[2])
local news = redis.call("ZRANGEBYSCORE", account_key(account, "webhooks"), "-inf", exact(now), "LIMIT", 0, 1)[1]

if not news then
  return nil
end
local event, which = string.match(news, "^%d+ (%S+) (.+) %d+$")
if not event then
  set_aside(account, "webhooks", news, "it is no news")
  return nil
end
local campaign = event == "call.ended" and string.match(which, "^(.+):%d+:%d+$") or which
local times = redis.call("HINCRBY", account_key(account, "tellings"), news, 1)
local lease = tonumber(ARGV[math.min(2 + times, #ARGV)])
redis.call("ZADD", account_key(account, "webhooks"), exact(now + lease), news)
return { news, times, redis.call("HGET", campaign_key(campaign, "meta"), "policy") }
