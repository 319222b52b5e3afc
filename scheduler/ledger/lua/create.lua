--[[
  Open a campaign for loading, unless it is there already.

    ARGV[1]  campaign
    ARGV[2]  account
    ARGV[3]  name
    ARGV[4]  policy   JSON
    ARGV[5]  digest   of the campaign's files
    ARGV[6]  max_concurrency  of this campaign; "" for the account's limit
    ARGV[7]  collects "1" if conversations are read after their calls, "2" if workers also read what the
                      provider keeps of the calls themselves; else "0"
    ARGV[8…10]  priority, weight, pace: its class, its share within it, its starts a second (0: any)
    ARGV[11] canary   how many calls go first; "" for none
    ARGV[12] repeat_window  seconds: a party is skipped if another campaign of this name has called it within
                            these, or has yet to call it; "" to call everybody
    ARGV[13] now      "" for the server's clock
    ARGV[14] launch   JSON: the words of the command that continues it, from the last launch; "" to leave
                      those that it has
    ARGV[15] columns  "1" if the columns that contacts have as variables follow, in the file's order

  Returns the campaign's state and its account, as they stand now.
]]
local campaign, account, name, policy, digest = unpack(ARGV, 1, 5)
local max_concurrency, collects, now = ARGV[6], ARGV[7], clock(ARGV[13])
local meta = campaign_key(campaign, "meta")

if redis.call("HSETNX", meta, "state", "loading") == 1 then
  redis.call("HSET", meta, "account", account, "name", name, "policy", policy, "digest", digest,
    "collects", collects, "priority", ARGV[8], "weight", ARGV[9], "pace", ARGV[10], "created_at", exact(now), "total", 0)
  if max_concurrency ~= "" then
    redis.call("HSET", meta, "max_concurrency", max_concurrency)
  end
  if ARGV[11] ~= "" then
    redis.call("HSET", meta, "canary", ARGV[11])
  end
  if ARGV[12] ~= "" then
    redis.call("HSET", meta, "repeat_window", ARGV[12])
  end
  redis.call("ZADD", ROOT .. "campaigns", exact(now), campaign)
  redis.call("SADD", ROOT .. "accounts", account)
  open_of_name(campaign, account, name)
  to_count(campaign)
end
if ARGV[15] == "1" then
  -- How many rows were loaded by a release that also names their columns: load.lua counts them.
  redis.call("HSETNX", meta, "columned", 0)
  local columns = campaign_key(campaign, "columns")
  local place = redis.call("ZCARD", columns)
  for at = 16, #ARGV do
    place = place + redis.call("ZADD", columns, "NX", place, ARGV[at])
  end
end
local state, owner = unpack(redis.call("HMGET", meta, "state", "account"))
if ARGV[14] ~= "" and owner == account and state ~= "finished" then
  redis.call("HSET", meta, "launch", ARGV[14])
end
return { state, owner }
