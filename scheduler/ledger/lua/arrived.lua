--[[
  A callback of the provider tells of an attempt. It names the attempt itself, so this is no guess: if the
  attempt is `dialing` or `unknown`, the connection is its own. A callback only moves a call forward.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  connection
    ARGV[4]  sequence     "" for none; one that is not above the last says nothing about the stage
    ARGV[5]  stage        "ringing", "answered" or "over"; "" for none of them
    ARGV[6]  told_at      when that was, "" where it is not known
    ARGV[7]  answered_by  "" for nobody yet
    ARGV[8]  margin       seconds from the last ringing to the deadline before the answer
    ARGV[9]  patience     seconds for which a stop that is not confirmed keeps its slot
    ARGV[10] now          "" for the server's clock

  Returns "nobodys" (nothing has changed), "known", "attached", "second" (another connection is on record:
  both must end), or "over".
]]
local account, attempt, connection, sequence, stage, told_at, answered_by = unpack(ARGV, 1, 7)
local margin, patience, now = tonumber(ARGV[8]), tonumber(ARGV[9]), clock(ARGV[10])
local call, record = call_of(attempt), attempt_key(attempt)

local known, is_rubbish = fields_of(record, "begun_at", "connection_id", "found", "over_at", "erased", "waits")
local begun_at, recorded, found, over_at, erased, waits = unpack(known, 1, 6)
-- Nothing is on record of an attempt that was given back, nor of one that has not begun yet.
local number = tonumber(string.match(attempt, "(%d+)$"))
local was_given_back = number > 0 and number <= tonumber(call.current) and not (call.fresh and call.state == CLAIMED)
if is_rubbish or call.is_rubbish or fields_of(campaign_key(call.campaign, "meta"), "account")[1] ~= account
  or not (begun_at or recorded or was_given_back) or erased and over_at then
  return "nobodys"
end
local begun = numeric(begun_at, now)
local owner = redis.call("GET", owner_key(connection))
if owner and owner ~= attempt then
  if redis.call("HEXISTS", attempt_key(owner), "found") == 0 then
    -- The connection certainly belongs to another attempt.
    return "nobodys"
  end
  detach(account, owner, now)
  call = call_of(attempt)
end

local RANKS = { queued = 0, ringing = 1, answered = 2 }

local function forward()
  if answered_by ~= "" then
    redis.call("HSETNX", record, "answered_by", answered_by)
  end
  local last, at = unpack(redis.call("HMGET", record, "sequence", "stage"))
  if sequence ~= "" then
    if tonumber(sequence) <= numeric(last, -1) then
      return
    end
    redis.call("HSET", record, "sequence", sequence)
  end
  if stage == "over" then
    redis.call("ZADD", account_key(account, "heard"), "NX", exact(now), attempt)
  elseif stage == "answered" then
    pick_up(account, call, told_at, true, now)
  elseif stage == "ringing" and at and (RANKS[at] or 2) < RANKS.ringing then
    redis.call("HSET", record, "stage", "ringing")
  end
end

if recorded and recorded ~= connection and found then
  -- Only a search had guessed the connection on record.
  detach(account, attempt, now)
  call, recorded = call_of(attempt), nil
elseif recorded and recorded ~= connection then
  end_both(account, call, connection, patience, now)
  return "second"
end
if recorded and over_at then
  return "over"
end
if recorded then
  if found then
    -- The search was right. If an answer still comes, it is treated as after any callback.
    redis.call("HDEL", record, "found")
    redis.call("HSET", record, "heard", 1)
  end
  forward()
  return "known"
end

give_connection(account, connection, attempt, now)
local in_time, aborting = call.fresh and call.state == DIALING, is_unwanted(call)
local is_unknown, waits_again = is_lost(call)
local deadline = now
if is_unknown or in_time and not aborting then
  deadline = begun + numeric(waits, 0) + margin
end
-- A provider that sends callbacks answers a start before the callee answers.
redis.call("HSET", record, "stage", "queued", "heard", 1)
local conversation = redis.call("HGET", record, "conversation_id") or ""
write_connection(account, call, connection, conversation, "", begun, deadline, now)
if in_time or is_unknown then
  if in_time then
    move(call, CONNECTED)
  else
    revive(account, call, waits_again)
    count(account, "found")
    happened(account, "found", attempt, "", now)
  end
  redis.call("ZADD", account_key(account, "slots"), exact(deadline), attempt)
  redis.call("ZADD", account_key(account, "ears"), 0, attempt)
  forward()
  if aborting then
    move(call, STOPPING)
    owe_stop(account, attempt, "aborted", patience, now)
  end
else
  came_late(account, call, begun, patience, now)
  forward()
end
return "attached"
