--[[
  A worker says that it lives, and the account's load is sampled: at most once a second, when it has
  changed or ten seconds have passed.

    ARGV[1]  account
    ARGV[2]  worker
    ARGV[3]  health  JSON; "" when the worker leaves
    ARGV[4]  first   the limit of an account that nothing is known of
    ARGV[5]  now     "" for the server's clock

  Returns nothing.
]]
local account, worker, health, first = unpack(ARGV, 1, 4)
local now = clock(ARGV[5])
local workers, meta = account_key(account, "workers"), account_key(account, "meta")
local FORGOTTEN_SECONDS, APART_SECONDS, LONGEST_SECONDS, KEPT = 3600, 1, 10, 20000

if health == "" then
  redis.call("HDEL", workers, worker)
else
  redis.call("HSET", workers, worker, exact(now) .. " " .. health)
end
local beats = redis.call("HGETALL", workers)
for at = 1, #beats, 2 do
  if now - numeric(string.match(beats[at + 1], "^%S+"), 0) > FORGOTTEN_SECONDS then
    redis.call("HDEL", workers, beats[at])
  end
end

local sampled, sampled_at, learned = unpack(redis.call("HMGET", meta, "sampled", "sampled_at", "learned"))
local slots, live = redis.call("ZCARD", account_key(account, "slots")), redis.call("ZCARD", account_key(account, "live"))
local refused = redis.call("HGET", account_key(account, "totals"), "refused") or "0"
local sample = string.format("%d %s %d %s", slots, learned or first, live, refused)
local since = now - numeric(sampled_at, 0)
if since >= LONGEST_SECONDS or sample ~= sampled and since >= APART_SECONDS then
  redis.call("HSET", meta, "sampled", sample, "sampled_at", exact(now))
  redis.call("XADD", account_key(account, "load"), "MAXLEN", "~", KEPT, "*", "at", exact(now), "load", sample)
end
return nil
