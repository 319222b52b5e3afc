--[[
  A worker has seen the clock of the server jump against its own steady clock. This script moves by as much
  everything that must be over, or due, after a length of time, once for all workers that saw the same jump.

  A steady clock stands still while its machine is paused, but it never runs ahead. So a clock that was set
  back is certainly wrong. A clock that has jumped forward is wrong if a third clock says so; if the third one
  agrees with it, nothing moves. If nobody knows, the jump only takes back earlier set-backs: calls then end
  early rather than late.

    ARGV[1]  seen      how many jumps the worker knew of before
    ARGV[2]  by        seconds; less than 0 when the clock was set back
    ARGV[3]  since     seconds within which it has jumped
    ARGV[4]  right     the clock with which a third one agrees: "steady" or "redis"; "" if nobody knows
    ARGV[5]  now       "" for the server's clock
    ARGV[6…] accounts  all that there are

  Returns the seconds by which it moved everything; "" if another worker has done so before.
]]
local seen, by, since, right, now = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], clock(ARGV[5])
local known, DAY = ROOT .. "clock", 86400
local jumps, behind = unpack(redis.call("HMGET", known, "jumps", "behind"))
if numeric(jumps, 0) ~= numeric(seen, 0) then
  return ""
end
behind = numeric(behind, 0)
local moved = by
if by > 0 and right ~= "steady" then
  moved = right == "redis" and 0 or math.min(by, math.max(0, behind))
end
redis.call("HSET", known, "at", exact(now), "by", exact(by), "moved", exact(moved), "behind", exact(behind - moved),
  "right", right)
increase(known, "jumps", 1)

-- An instant that was written by the clock as it is now stays. Before a set-back the clock showed more, before a
-- jump forward less (a thousandth of a second may get lost); in doubt a call ends early.
local edge = now - math.max(since, by - 0.001)
local function is_of_now(instant)
  return instant >= edge and instant <= now
end

local function later(instant)
  return is_of_now(instant) and instant or instant + moved
end

local function move_fields(key, ...)
  local names = { ... }
  for at, instant in ipairs(fields_of(key, ...)) do
    if tonumber(instant) then
      redis.call("HSET", key, names[at], exact(tonumber(instant) + moved))
    end
  end
end

local PAST = { "begun_at", "started_at", "hinted_at", "stop_owed_at", "denied_at", "answered_at", "unanswered_at",
  "over_at", "look_at", "shown_at", "speak_at", "gone_at" }

-- Move each instant by itself, because one call may have instants of both clocks. Returns them as they were.
local function move_record(record)
  local was, found = {}, fields_of(record, unpack(PAST))
  for at, name in ipairs(PAST) do
    local instant = tonumber(found[at])
    if instant then
      was[name] = instant
      redis.call("HSET", record, name, exact(later(instant)))
    end
  end
  return was
end

-- The instant from which the deadline of a connection, or the lease of a start, counts.
local function counts_from(record, was)
  local stage, last_at = unpack(fields_of(record, "stage", "last_at"), 1, 2)
  if not stage then
    return was.started_at or was.begun_at
  end
  return was.answered_at or not last_at and was.look_at or was.begun_at
end

-- An attempt with nothing on record has rung nobody: it does no harm if its lease ends early.
local function stays(from)
  if not from then
    return by > 0
  end
  return is_of_now(from)
end

local function move_score(key, attempt, most)
  local score = redis.call("ZSCORE", key, attempt)
  if score then
    redis.call("ZADD", key, "XX", exact(math.min(tonumber(score) + moved, most or math.huge)), attempt)
  end
end

-- The rule that looks whether a party is live looks back for two days, and Redis forgets after 31.
local function remember(attempt)
  if moved < DAY or not is_attempt(attempt) or not fields_of(attempt_key(attempt), "begun_at")[1] then
    return
  end
  local is_read, contact = pcall(contact_of, call_of(attempt))
  if is_read and contact then
    local called = called_key(party_of(contact))
    redis.call("ZADD", called, exact(now), attempt)
    redis.call("EXPIRE", called, 31 * DAY)
  end
end

-- An attempt whose answer was lost keeps its slot: rather too long than dial again while the call may be live.
local function move_held(account, attempt)
  local record = attempt_key(attempt)
  local hold, longest = unpack(fields_of(record, "hold", "max_duration"), 1, 2)
  if right == "steady" and by > 0 and not stays(move_record(record).begun_at) then
    for _, part in ipairs({ "slots", "held" }) do
      move_score(account_key(account, part), attempt, now + numeric(hold or longest, 0))
    end
  end
end

local function move_attempt(account, attempt)
  local record, live = attempt_key(attempt), account_key(account, "live")
  local was = move_record(record)
  local from, owed_at = counts_from(record, was), was.stop_owed_at
  if not stays(from) then
    move_fields(record, "deadline", "last_at")
    move_score(live, attempt)
  end
  if not stays(owed_at or from) then
    move_score(account_key(account, "slots"), attempt)
  end
  if owed_at then
    redis.call("ZADD", live, "XX", "LT", exact(later(owed_at)), attempt)
  end
end

local function move_attempts(account)
  local done = {}
  for _, part in ipairs({ "slots", "live" }) do
    for _, attempt in ipairs(redis.call("ZRANGE", account_key(account, part), 0, -1)) do
      if not done[attempt] then
        local is_held = redis.call("ZSCORE", account_key(account, "held"), attempt)
        local shift = is_held and move_held or move_attempt
        shift(account, attempt)
        remember(attempt)
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

-- After a set-back everything else would fall due too late. After a jump forward it falls due early, which does
-- no harm; if it were moved, a stop that somebody ordered since would come too late.
local function move_the_rest(account)
  for _, part in ipairs({ "stops", "ears", "collect", "webhooks", "searches", "paced" }) do
    move_members(account_key(account, part))
  end
  move_fields(account_key(account, "meta"), "closed_until", "probe_at", "raise_at", "paced_until", "sampled_at")
  for _, campaign in ipairs(redis.call("ZRANGE", account_key(account, "campaigns"), 0, -1)) do
    move_fields(campaign_key(campaign, "meta"), "paced_until")
  end
end

for _, account in ipairs(moved ~= 0 and { unpack(ARGV, 6) } or {}) do
  move_attempts(account)
  if moved < 0 then
    move_the_rest(account)
  end
end
return exact(moved)
