--[[
  How many dials and collects are worth a message now, and when must the timekeeper wake next?

    ARGV[1]  account
    ARGV[2]  ceiling      how many slots this worker may see in use; less than 0 if it only sends stops:
                          then it sends no message, and leaves that to the others
    ARGV[3]  fingerprint  of the credentials; a blocked one dials nothing
    ARGV[4]  only         the campaign that this worker serves; "" for all
    ARGV[5]  first        the limit of an account of which nothing is known
    ARGV[6]  interval     seconds within which no other timekeeper sends the same message
    ARGV[7]  late         seconds after which a stop counts as late
    ARGV[8]  now          "" for the server's clock

  Returns both numbers, the seconds until something falls due ("" for nothing), and the same without attempts
  that must be over and stops that must be sent.
]]
local account, ceiling, fingerprint, only = unpack(ARGV, 1, 4)
local first, interval, now = tonumber(ARGV[5]), tonumber(ARGV[6]), clock(ARGV[8])
local meta, slots = account_key(account, "meta"), account_key(account, "slots")

local soonest
local function sooner(at)
  if at and (not soonest or tonumber(at) < soonest) then
    soonest = tonumber(at)
  end
end
local over_at = tonumber(redis.call("ZRANGE", slots, 0, 0, "WITHSCORES")[2])
local stop_at = tonumber(redis.call("ZRANGE", account_key(account, "stops"), 0, 0, "WITHSCORES")[2])
local ends_at = math.min(over_at or math.huge, stop_at or math.huge)

local collects = 0
local collect = account_key(account, "collect")
local first_due = tonumber(redis.call("ZRANGE", collect, 0, 0, "WITHSCORES")[2])
if tonumber(ceiling) < 0 then
  first_due = nil
end
if first_due and first_due > now then
  sooner(first_due)
elseif first_due then
  local quiet_until = numeric(redis.call("HGET", meta, "collect_said_at"), 0) + interval
  if now >= quiet_until then
    redis.call("HSET", meta, "collect_said_at", exact(now))
    -- Each message reads one conversation after the other, so a few are enough.
    collects = math.min(8, redis.call("ZCOUNT", collect, "-inf", exact(now)))
  else
    sooner(quiet_until)
  end
end

local function answer(dials)
  local first_at = math.min(ends_at, soonest or math.huge)
  return {
    dials,
    collects,
    first_at < math.huge and exact(first_at - now) or "",
    soonest and exact(soonest - now) or "",
  }
end
local room, shut_until, _, hushed_until = gate(account, ceiling, fingerprint, first, tonumber(ARGV[7]), now)
if room <= 0 then
  return answer(0)
end

-- If a worker of an older release makes a call due, nothing schedules a look at its campaign. So each tick looks
-- at some more campaigns, round the whole wheel.
local wheel, SWEPT_AT_ONCE = account_key(account, "campaigns"), 6
local swept = numeric(redis.call("HGET", meta, "swept"), 0)
local some = redis.call("ZRANGE", wheel, swept, swept + SWEPT_AT_ONCE - 1)
redis.call("HSET", meta, "swept", #some < SWEPT_AT_ONCE and 0 or swept + #some)
local waiting = {} -- when to look at which, in one command as `look_at` does for one
for _, campaign in ipairs(some) do
  local head = redis.call("ZRANGE", campaign_key(campaign, "due"), 0, 0, "WITHSCORES")[2]
  if head and tonumber(head) <= now then
    place(account, campaign, now)
  elseif head then
    waiting[#waiting + 1], waiting[#waiting + 2] = exact(tonumber(head)), campaign
  end
end
if #waiting > 0 then
  redis.call("ZADD", account_key(account, "next"), "LT", unpack(waiting))
end
look_at_due(account, now)

-- How many calls are due in the campaigns whose turn it may be, up to the number of free slots.
local function due_of_all()
  local due = 0
  for _, priority in ipairs(redis.call("ZREVRANGE", account_key(account, "classes"), 0, -1)) do
    for _, campaign in ipairs(redis.call("ZRANGE", ready_key(account, priority), 0, room - 1)) do
      due = due + redis.call("ZCOUNT", campaign_key(campaign, "due"), "-inf", exact(now))
      if due >= room then
        return due
      end
    end
  end
  return due
end

local function due_of_one()
  local standing = standing_of(account, only)
  local queue = campaign_key(only, "due")
  local head = standing.may_dial and redis.call("ZRANGE", queue, 0, 0, "WITHSCORES")[2]
  if not head then
    return 0
  end
  local at = math.max(tonumber(head), standing.paced_until)
  if at > now then
    sooner(at)
    return 0
  end
  return redis.call("ZCOUNT", queue, "-inf", exact(now))
end

-- Workers that serve one campaign agree only among themselves.
local said = only == "" and meta or campaign_key(only, "meta")
local quiet_until = math.max(shut_until, hushed_until, numeric(redis.call("HGET", said, "said_at"), 0) + interval)
local due
if only == "" then
  sooner(redis.call("ZRANGE", account_key(account, "next"), 0, 0, "WITHSCORES")[2])
  sooner(redis.call("ZRANGE", account_key(account, "paced"), 0, 0, "WITHSCORES")[2])
  due = now < quiet_until and redis.call("ZCARD", account_key(account, "classes")) or due_of_all()
else
  due = due_of_one()
end
if due == 0 then
  return answer(0)
end
if now < quiet_until then
  sooner(quiet_until)
  return answer(0)
end
redis.call("HSET", said, "said_at", exact(now))
return answer(math.min(room, due))
