--[[
  Deal with the attempts whose time is over: the head of the slots.

  claimed: pending again. dialing: unknown, its slot taken for max_duration more; where the campaign
  wants it, dialled again after that. connected: its stop goes on record. stopping: our patience is
  over, so it ends as unconfirmed and its stop goes on being repeated without a slot. Ended, or
  overtaken by a later attempt: the slot is free.

    ARGV[1]  account
    ARGV[2]  most      how many at once
    ARGV[3]  patience  seconds for which a stop that is not confirmed keeps its slot
    ARGV[4]  now       "" for the server's clock

  Returns how many were dealt with.
]]
local account, most, patience = ARGV[1], ARGV[2], tonumber(ARGV[3])
local now = clock(ARGV[4])
local slots = account_key(account, "slots")

local function lapse(call)
  if not call.fresh or call.state == ENDED or call.state == PENDING then
    redis.call("ZREM", slots, call.attempt)
    redis.call("ZREM", account_key(account, "held"), call.attempt)
  elseif call.state == CLAIMED then
    wait_again(call, account, now, now)
  elseif call.state == DIALING then
    local hold = fields_of(attempt_key(call.attempt), "max_duration")[1]
    lose_call(call, account, "lease", "", numeric(hold, 0), now)
  elseif call.state == CONNECTED then
    move(call, STOPPING)
    owe_stop(account, call.attempt, "deadline", patience, now)
  elseif call.state == STOPPING then
    end_call(call, "stopped", "unconfirmed", "", now)
    redis.call("ZREM", slots, call.attempt)
  end
end

-- Of a call that can't be read its connection may be live all the same: its stop goes on record.
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
