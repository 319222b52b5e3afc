--[[
  Put a connection and its deadline on record, under its attempt, in one step.

  An answer is never refused. One that comes late, when the attempt has been given up, is recorded
  with its stop due now, so that any worker ends it before anybody has sent a stop.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3…5]  connection_id, conversation_id, details
    ARGV[6]  ago           seconds since the API's answer
    ARGV[7]  max_duration  seconds from the answer to the deadline
    ARGV[8]  patience      seconds for which a stop that is not confirmed keeps its slot
    ARGV[9]  listener      in whose charge the connection is from now on; "" for nobody's
    ARGV[10] lease         seconds for which the charge holds
    ARGV[11] stage         "" where the callee has answered; else how far the call has come: its deadline
                           is one before the callee's answer, and `answered` moves it
    ARGV[12] queue         seconds that it waits in the provider's queue; over LONGEST_QUEUE it is taken back
    ARGV[13] ring          seconds that it may ring after that
    ARGV[14] margin        seconds after these that its deadline lies before the answer
    ARGV[15] now           "" for the server's clock

  Returns "connected", "late", "known" (the same connection again), or "second" (the attempt has
  another connection, nothing was written), the deadline, and what a decision about the limit is made
  from, as `limit` does.
]]
local account, attempt, connection = ARGV[1], ARGV[2], ARGV[3]
local answered_ago, max_duration, patience = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local listener, lease, now = ARGV[9], tonumber(ARGV[10]), clock(ARGV[15])
local stage, queue, margin = ARGV[11], tonumber(ARGV[12]), tonumber(ARGV[14])
local waits = queue + tonumber(ARGV[13])
local call, record = call_of(attempt), attempt_key(attempt)
local meta = account_key(account, "meta")

local recorded, deadline_before = unpack(redis.call("HMGET", record, "connection_id", "deadline"))
if recorded and recorded ~= connection and redis.call("HEXISTS", record, "found") == 1 then
  -- The provider's own answer says it better than a search.
  detach(account, attempt, now)
  call, recorded = call_of(attempt), nil
end
if recorded then
  return { recorded == connection and "known" or "second", deadline_before, see_limit(account, now) }
end

if stage ~= "" then
  local owner = redis.call("GET", owner_key(connection))
  if owner and owner ~= attempt then
    detach(account, owner, now)
  end
  bind(connection, attempt)
  redis.call("ZREM", account_key(account, "searches"), attempt)
end

local in_time = call.fresh and call.state == DIALING
-- Everybody's end was ordered, or this one's, while its start was under way.
local aborting = redis.call("HGET", campaign_key(call.campaign, "meta"), "aborting")
  or redis.call("HGET", record, "stop_wanted")
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
redis.call("ZADD", account_key(account, "live"), exact(deadline), attempt)
redis.call("ZREM", account_key(account, "held"), attempt)
-- Found by its name before its answer came, and thought to be over: read when it is.
redis.call("HDEL", record, "over_at")
if redis.call("ZREM", account_key(account, "collect"), attempt) == 1 then
  redis.call("HINCRBY", campaign_key(call.campaign, "meta"), "collecting", -1)
end
local conversation = ARGV[4] ~= "" and ARGV[4] or redis.call("HGET", record, "conversation_id") or ""
-- Last of the two: what is on record under its attempt is known to be live. A listener of the release
-- before hears no call that lacks the last field.
redis.call("HSET", record, "connection_id", connection, "conversation_id", conversation, "details", ARGV[5],
  "started_at", exact(now - answered_ago), "deadline", exact(deadline), "result_websocket_url", "")
redis.call("HDEL", meta, "refused_in_row")
increase(meta, "accepted", 1)
count(account, "accepted")
happened(account, "answered", attempt, "", now)
local legs = open_legs(account)
if legs > numeric(redis.call("HGET", meta, "proven"), 0) then
  redis.call("HSET", meta, "proven", legs)
end
hear(account, attempt, "answered", now)

if in_time then
  move(call, CONNECTED)
  redis.call("ZADD", account_key(account, "slots"), exact(deadline), attempt)
  if listener ~= "" then
    redis.call("HSET", record, "ear", listener, "socket", "shut")
  end
  redis.call("ZADD", account_key(account, "ears"), listener ~= "" and exact(now + lease) or 0, attempt)
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

owe_stop(account, attempt, "late", patience, now)
if redis.call("HEXISTS", campaign_key(call.campaign, "meta"), "state") == 0 then
  -- The ledger has lost the campaign. That the connection is ended is all that can be done for it.
  return { "late", exact(deadline), see_limit(account, now) }
end
local contact = contact_of(call)
if contact then
  redis.call("ZADD", called_key(party_of(contact)), "NX", exact(now - answered_ago), attempt)
end
if call.state == PENDING or call.state == CLAIMED then
  -- Given back by mistake, or about to be dialled again, and yet it rang: whoever it was is not called
  -- once more. A later attempt that is claimed has rung nobody, and its `begin` is stale from now on.
  if not call.fresh then
    redis.call("ZREM", account_key(account, "slots"), call.campaign .. ":" .. call.row .. ":" .. call.current)
  end
  redis.call("ZREM", campaign_key(call.campaign, "due"), call.row)
  end_call(call, "stopped", "late_answer", "", now)
elseif call.fresh and call.state == ENDED then
  local disposition, reason = unpack(redis.call("HMGET", call.key, "disposition", "reason"))
  local rang_nobody = reason == "not_placed" or reason == "cancelled"
  if rang_nobody then
    count_attempts(call, 1)
  end
  if disposition == "unknown" or rang_nobody then
    amend(call, "stopped", "late_answer", now)
  end
end
return { "late", exact(deadline), see_limit(account, now) }
