-- What the verbs of schedules share. The newest firings of a schedule stay on record.
local MOST_FIRINGS = 200

local function schedule_key(name, part)
  return ROOT .. "schedule:" .. name .. (part and ":" .. part or "")
end

-- When a worker has to look at a schedule next; "" for never again.
local function look_at(account, name, at)
  local watched = account_key(account, "schedules")
  if at == "" then
    redis.call("ZREM", watched, name)
  else
    redis.call("ZADD", watched, at, name)
  end
end

-- Record how a firing was decided, or that it waits.
local function record_firing(name, firing, at, state, why, now)
  local firings, fates = schedule_key(name, "firings"), schedule_key(name, "fates")
  redis.call("ZADD", firings, at, firing)
  redis.call("HSET", fates, firing, cjson.encode({ state = state, why = why, told_at = exact(now) }))
  if state == "waiting" then
    redis.call("ZADD", schedule_key(name, "waiting"), at, firing)
  else
    redis.call("ZREM", schedule_key(name, "waiting"), firing)
  end
  local old = redis.call("ZRANGE", firings, 0, -MOST_FIRINGS - 1)
  for _, gone in ipairs(old) do
    if not redis.call("ZSCORE", schedule_key(name, "waiting"), gone) then
      redis.call("ZREM", firings, gone)
      redis.call("HDEL", fates, gone)
    end
  end
end
