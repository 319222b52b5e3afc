--[[
  Record that somebody did something with a campaign that changes nothing in it.

    ARGV[1]  campaign
    ARGV[2]  what
    ARGV[3…5] who, note, token of whoever did it
    ARGV[6]  now  "" for the server's clock
]]
local campaign = ARGV[1]
local account = redis.call("HGET", campaign_key(campaign, "meta"), "account")
if account then
  put_on_record(campaign, account, ARGV[2], ARGV[3], ARGV[4], ARGV[5], clock(ARGV[6]))
end
return 0
