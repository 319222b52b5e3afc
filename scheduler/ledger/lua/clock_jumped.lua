--[[
  A worker has seen the clock of the server jump against its own steady one. What was to be over, or
  due, after a length of time is moved by as much, once for all workers that have seen the same jump.

  A steady clock stands still with a machine that is paused, but it never runs ahead: a clock that was
  set back is certainly wrong, and one that has jumped forward may be right. So a jump forward moves only
  what it takes back of those before; whatever else was due in between ends early rather than late.

    ARGV[1]  seen      how many jumps the worker knew of before
    ARGV[2]  by        seconds; less than 0 when the clock was set back
    ARGV[3]  since     seconds within which it has jumped
    ARGV[4]  now       "" for the server's clock
    ARGV[5…] accounts  all that there are

  Returns the seconds by which it was moved; "" when another worker has said so before.
]]
local seen, by, since, now = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), clock(ARGV[4])
local known = ROOT .. "clock"
local jumps, behind = unpack(redis.call("HMGET", known, "jumps", "behind"))
if numeric(jumps, 0) ~= numeric(seen, 0) then
  return ""
end
local moved = math.min(by, math.max(0, numeric(behind, 0)))
redis.call("HSET", known, "at", exact(now), "by", exact(by), "moved", exact(moved), "behind", exact(numeric(behind, 0) - moved))
increase(known, "jumps", 1)

local function move_fields(key, ...)
  local names = { ... }
  for at, instant in ipairs(fields_of(key, ...)) do
    if tonumber(instant) then
      redis.call("HSET", key, names[at], exact(tonumber(instant) + moved))
    end
  end
end

-- What was written down by the clock as it is now stays. An instant in the future is of the clock before.
local function is_of_now(attempt)
  for _, instant in ipairs(fields_of(attempt_key(attempt), "begun_at", "started_at", "stop_owed_at")) do
    local at = numeric(instant, 0)
    if at >= now - since and at <= now then
      return true
    end
  end
  return false
end

-- Whose answer was lost keeps its slot: rather too long than to be dialled again while it may be live.
local function move_attempts(account)
  local slots, live, held = account_key(account, "slots"), account_key(account, "live"), account_key(account, "held")
  local done = {}
  for _, key in ipairs({ slots, live }) do
    for _, attempt in ipairs(redis.call("ZRANGE", key, 0, -1)) do
      if not done[attempt] and not is_of_now(attempt) and not redis.call("ZSCORE", held, attempt) then
        for _, each in ipairs({ slots, live }) do
          local score = redis.call("ZSCORE", each, attempt)
          if score then
            redis.call("ZADD", each, "XX", exact(tonumber(score) + moved), attempt)
          end
        end
        move_fields(attempt_key(attempt), "begun_at", "started_at", "deadline", "hinted_at", "stop_owed_at", "denied_at",
          "answered_at", "unanswered_at", "over_at", "look_at", "last_at", "shown_at", "speak_at", "gone_at")
      end
      done[attempt] = true
    end
  end
end

local function move_members(key)
  local found = redis.call("ZRANGE", key, 0, -1, "WITHSCORES")
  for at = 1, #found, 2 do
    redis.call("ZADD", key, "XX", exact(tonumber(found[at + 1]) + moved), found[at])
  end
end

if moved ~= 0 then
  for _, account in ipairs({ unpack(ARGV, 5) }) do
    move_attempts(account)
    for _, part in ipairs({ "stops", "ears", "collect", "webhooks", "searches", "paced" }) do
      move_members(account_key(account, part))
    end
    move_fields(account_key(account, "meta"), "closed_until", "probe_at", "raise_at", "paced_until", "sampled_at")
    for _, campaign in ipairs(redis.call("ZRANGE", account_key(account, "campaigns"), 0, -1)) do
      move_fields(campaign_key(campaign, "meta"), "paced_until")
    end
  end
end
return exact(moved)
