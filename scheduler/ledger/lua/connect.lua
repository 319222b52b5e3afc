--[[
  Put a connection and its deadline on record, under its attempt, in one step.

  An answer is never refused. If it comes late, after the attempt was given up, it is recorded with its stop
  due now, so that some worker ends the call even if the one that dialled dies before it sends a stop.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3…5]  connection_id, conversation_id, details
    ARGV[6]  ago           seconds since the API's answer
    ARGV[7]  max_duration  seconds from the answer to the deadline
    ARGV[8]  patience      seconds for which a stop that is not confirmed keeps its slot
    ARGV[9]  listener      which gets the lease of the connection; "" for none
    ARGV[10] lease         of this lease, in seconds
    ARGV[11] stage         "" if the callee has answered; else how far the call has come: then it gets the
                           deadline before the answer, and `answered` moves it
    ARGV[12] queue         seconds that it waits in the provider's queue; over LONGEST_QUEUE it is taken back
    ARGV[13] ring          seconds that it may ring after that
    ARGV[14] margin        seconds from the end of these to the deadline before the answer
    ARGV[15] now           "" for the server's clock

  A callback may have named the connection before the answer came (`heard`, see `arrived`): then the answer
  completes the record, once. If the callback named another connection, both must end.

  Returns "connected", "late", "known" (the same connection again), or "second" (the attempt has another
  connection, and keeps it); the deadline; and the facts by which the limit is decided, as `limit` does.
]]
local account, attempt, connection = ARGV[1], ARGV[2], ARGV[3]
local answered_ago, max_duration, patience = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local listener, lease, now = ARGV[9], tonumber(ARGV[10]), clock(ARGV[15])
local stage, queue, margin = ARGV[11], tonumber(ARGV[12]), tonumber(ARGV[14])
local waits = queue + tonumber(ARGV[13])
local call, record = call_of(attempt), attempt_key(attempt)

local recorded, deadline_before, heard = unpack(redis.call("HMGET", record, "connection_id", "deadline", "heard"))
if recorded and recorded ~= connection and redis.call("HEXISTS", record, "found") == 1 then
  -- The provider's own answer is certain, a search only guesses.
  detach(account, attempt, now)
  call, recorded = call_of(attempt), nil
end

-- A callback named this connection before the answer came.
local function complete()
  if ARGV[4] ~= "" then
    redis.call("HSET", record, "conversation_id", ARGV[4])
  end
  redis.call("HSET", record, "details", ARGV[5])
  local answered_at, look_at, last_at, now_stage, begun_at =
    unpack(redis.call("HMGET", record, "answered_at", "look_at", "last_at", "stage", "begun_at"))
  if stage == "" or not call.fresh or call.state ~= CONNECTED then
    return
  end
  give_lease(account, attempt, listener, lease, now)
  redis.call("HSET", record, "waits", waits, "max_duration", max_duration)
  if not answered_at and not look_at and not last_at then
    deadline_before = exact(numeric(begun_at, now - answered_ago) + waits + margin)
    move_deadline(account, attempt, tonumber(deadline_before))
  end
  if now_stage == "queued" then
    if queue > LONGEST_QUEUE then
      take_back(account, call, "pending", "", now + queue, patience, now)
    end
    see_queue(account, queue, now)
  end
end

if recorded then
  local is_known, is_over = recorded == connection, redis.call("HEXISTS", record, "over_at") == 1
  if heard and is_known then
    redis.call("HDEL", record, "heard")
    hear(account, attempt, "answered", now)
  end
  if heard and is_known and not is_over then
    complete()
  elseif heard and not is_known then
    end_both(account, call, connection, patience, now)
  end
  return { is_known and "known" or "second", deadline_before, see_limit(account, now) }
end

if stage ~= "" then
  give_connection(account, connection, attempt, now)
end

local in_time = call.fresh and call.state == DIALING
local aborting = is_unwanted(call)
local deadline = now
if in_time and not aborting then
  deadline = now - answered_ago + max_duration
  if stage ~= "" then
    deadline = numeric(redis.call("HGET", record, "begun_at"), now - answered_ago) + waits + margin
  end
end
if stage ~= "" then
  redis.call("HSET", record, "stage", stage, "waits", waits, "max_duration", max_duration)
end
local conversation = ARGV[4] ~= "" and ARGV[4] or redis.call("HGET", record, "conversation_id") or ""
write_connection(account, call, connection, conversation, ARGV[5], now - answered_ago, deadline, now)
hear(account, attempt, "answered", now)

if in_time then
  move(call, CONNECTED)
  redis.call("ZADD", account_key(account, "slots"), exact(deadline), attempt)
  give_lease(account, attempt, listener, lease, now)
  if aborting then
    move(call, STOPPING)
    owe_stop(account, attempt, "aborted", patience, now)
  elseif queue > LONGEST_QUEUE then
    take_back(account, call, "pending", "", now + queue, patience, now)
  end
  if stage ~= "" then
    see_queue(account, queue, now)
  end
  return { "connected", exact(deadline), see_limit(account, now) }
end

came_late(account, call, now - answered_ago, patience, now)
return { "late", exact(deadline), see_limit(account, now) }
