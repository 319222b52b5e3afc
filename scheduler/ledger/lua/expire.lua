--[[
  Deal with the attempts whose time is over, which stand first in the slots.

  claimed: the call is pending again. dialing: the call is unknown, and its slot stays taken for another
  max_duration; if the campaign wants it, it is dialled again after that. connected: its stop goes on record. If
  nobody knows whether the callee has answered, a worker reads the call first; if none can for LOOKED_FOR
  seconds, the deadline moves once, to when the call must be over even if somebody answered at the last moment.
  stopping: our patience is over, so the call ends as unconfirmed, and workers repeat its stop without a slot.
  Ended, or replaced by a later attempt: the slot is free.

    ARGV[1]  account
    ARGV[2]  most      how many at once
    ARGV[3]  patience  seconds for which a stop that is not confirmed keeps its slot
    ARGV[4]  now       "" for the server's clock

  Returns how many were dealt with.
]]
local account, most, patience = ARGV[1], ARGV[2], tonumber(ARGV[3])
local now = clock(ARGV[4])
local slots = account_key(account, "slots")

-- Whether only the deadline before the answer moves, so that no stop is due yet.
local function waits_longer(call)
  local record = attempt_key(call.attempt)
  local stage, answered_at, look_at, last_at, begun_at, waits, max_duration = unpack(fields_of(record,
    "stage", "answered_at", "look_at", "last_at", "begun_at", "waits", "max_duration"), 1, 7)
  if not stage or answered_at or last_at then
    return false
  end
  if not look_at then
    redis.call("HSET", record, "look_at", exact(now))
    redis.call("ZADD", account_key(account, "stops"), exact(now), call.attempt)
    move_deadline(account, call.attempt, now + LOOKED_FOR)
    return true
  end
  local last = numeric(begun_at, now) + numeric(waits, 0) + numeric(max_duration, 0)
  redis.call("HSET", record, "last_at", exact(last))
  look_no_more(account, call.attempt, now)
  move_deadline(account, call.attempt, last)
  return last > now
end

local function lapse(call)
  if not call.fresh or call.state == ENDED or call.state == PENDING then
    redis.call("ZREM", slots, call.attempt)
    redis.call("ZREM", account_key(account, "held"), call.attempt)
  elseif call.state == CLAIMED then
    wait_again(call, account, now, now)
  elseif call.state == DIALING then
    local longest, hold = unpack(fields_of(attempt_key(call.attempt), "max_duration", "hold"), 1, 2)
    lose_call(call, account, "lease", "", numeric(hold or longest, 0), now)
  elseif call.state == CONNECTED and waits_longer(call) then
    return
  elseif call.state == CONNECTED then
    move(call, STOPPING)
    owe_stop(account, call.attempt, "deadline", patience, now)
  elseif call.state == STOPPING then
    note_lateness(call, account, now)
    end_call(call, "stopped", "unconfirmed", "", now)
    redis.call("ZREM", slots, call.attempt)
  end
end

-- If a call's key can't be read, its connection may still be live: put its stop on record.
local function set_call_aside(attempt, record)
  set_aside(account, "slots", attempt, "its call can't be read")
  redis.call("ZREM", account_key(account, "held"), attempt)
  if record[1] and not record[2] and not record[3] then
    owe_stop(account, attempt, "deadline", patience, now)
  end
end

local over = redis.call("ZRANGEBYSCORE", slots, "-inf", exact(now), "LIMIT", 0, most)
for _, attempt in ipairs(over) do
  local call = is_attempt(attempt) and call_of(attempt)
  if not call then
    set_aside(account, "slots", attempt, "it is no attempt")
  else
    local record, is_rubbish = fields_of(attempt_key(attempt), "connection_id", "over_at", "stop_owed_at")
    if call.is_rubbish or is_rubbish then
      set_call_aside(attempt, record)
    else
      lapse(call)
    end
  end
end
return #over
