--[[
  Record that a worker lives, and sample the account's load: at most once a second, if it has changed or ten
  seconds have passed.

    ARGV[1]  account
    ARGV[2]  worker
    ARGV[3]  health  JSON; "" when the worker leaves
    ARGV[4]  first   the limit of an account of which nothing is known
    ARGV[5]  now     "" for the server's clock
    ARGV[6]  why     "" for an ordinary beat; else why this worker missed the last ones

  If no worker has recorded this for AWAY_SECONDS, deadlines may have passed unseen. The last such gap stays on
  record, with its beginning, end and cause: calls that ended late refer to it. An ordinary beat of another thread
  or worker may come first after a gap, so the cause that the next one gives counts.

  Returns nothing.
]]
local account, worker, health, first = unpack(ARGV, 1, 4)
local now = clock(ARGV[5])
local workers, meta = account_key(account, "workers"), account_key(account, "meta")
local FORGOTTEN_SECONDS, APART_SECONDS, LONGEST_SECONDS, KEPT = 3600, 1, 10, 20000

local last = numeric(redis.call("HGET", meta, "beat_at"), 0)
local beats = redis.call("HGETALL", workers)
for at = 1, #beats, 2 do
  local beat_at = numeric(string.match(beats[at + 1], "^%S+"), 0)
  last = math.max(last, beat_at)
  if now - beat_at > FORGOTTEN_SECONDS then
    redis.call("HDEL", workers, beats[at])
  end
end
if last > 0 and now - last > AWAY_SECONDS then
  local why = ARGV[6] ~= "" and ARGV[6] or LATE_BUSY
  redis.call("HSET", meta, "away_from", exact(last), "away_until", exact(now), "away_why", why)
elseif ARGV[6] ~= "" then
  local until_at, known = unpack(redis.call("HMGET", meta, "away_until", "away_why"))
  if known == LATE_BUSY and now - numeric(until_at, 0) <= AWAY_SECONDS then
    redis.call("HSET", meta, "away_why", ARGV[6])
  end
end
redis.call("HSET", meta, "beat_at", exact(now))
if health == "" then
  redis.call("HDEL", workers, worker)
else
  redis.call("HSET", workers, worker, exact(now) .. " " .. health)
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
