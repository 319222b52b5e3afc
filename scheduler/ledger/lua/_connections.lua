--[[ How a connection is put on record, whichever news brings it: an answer, a search, or a callback. ]]

-- A connection belongs to one attempt: if a guess gave it to another one, that one loses it.
local function give_connection(account, connection, attempt, now)
  local owner = redis.call("GET", owner_key(connection))
  if owner and owner ~= attempt then
    detach(account, owner, now)
  end
  bind(connection, attempt)
  redis.call("ZREM", account_key(account, "searches"), attempt)
end

-- Whether somebody ordered the end of this call, or of all calls, while its start was under way.
local function is_unwanted(call)
  return redis.call("HGET", campaign_key(call.campaign, "meta"), "aborting")
    or redis.call("HGET", attempt_key(call.attempt), "stop_wanted")
end

local function write_connection(account, call, connection, conversation, details, started_at, deadline, now)
  local attempt, record, meta = call.attempt, attempt_key(call.attempt), account_key(account, "meta")
  redis.call("ZADD", account_key(account, "live"), exact(deadline), attempt)
  redis.call("ZREM", account_key(account, "held"), attempt)
  -- `reconcile` may have found its conversation before its answer came, and taken the call for over.
  redis.call("HDEL", record, "over_at")
  if redis.call("ZREM", account_key(account, "collect"), attempt) == 1 then
    redis.call("HINCRBY", campaign_key(call.campaign, "meta"), "collecting", -1)
  end
  -- Written after `live`: an attempt that has a connection on record is then always in `live`. A listener of
  -- the previous release listens to no call that lacks the last field.
  redis.call("HSET", record, "connection_id", connection, "conversation_id", conversation, "details", details,
    "started_at", exact(started_at), "deadline", exact(deadline), "result_websocket_url", "")
  redis.call("HDEL", meta, "refused_in_row")
  increase(meta, "accepted", 1)
  count(account, "accepted")
  happened(account, "placed", attempt, "", now)
  local legs = open_legs(account)
  if legs > numeric(redis.call("HGET", meta, "proven"), 0) then
    redis.call("HSET", meta, "proven", legs)
  end
end

-- Give a listener the lease of an attempt; "" for no listener.
local function give_lease(account, attempt, listener, lease, now)
  if listener ~= "" then
    redis.call("HSET", attempt_key(attempt), "ear", listener, "socket", "shut")
  end
  redis.call("ZADD", account_key(account, "ears"), listener ~= "" and exact(now + lease) or 0, attempt)
end

-- The attempt was given up, but a phone rings: its stop is due now.
local function came_late(account, call, started_at, patience, now)
  local attempt = call.attempt
  owe_stop(account, attempt, "late", patience, now)
  if redis.call("HEXISTS", campaign_key(call.campaign, "meta"), "state") == 0 then
    -- The ledger has lost the campaign. All that we can do is end the connection.
    return
  end
  local contact = contact_of(call)
  if contact then
    redis.call("ZADD", called_key(party_of(contact)), "NX", exact(started_at), attempt)
  end
  if call.state == PENDING or call.state == CLAIMED then
    -- It was given back by mistake, or is about to be dialled again, but it rang: do not call the party once
    -- more. A later attempt that is claimed has rung nobody, and its `begin` is stale from now on.
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
end

-- Whether the fate of an attempt is unknown; and whether its call waits to be dialled again because of that.
local function is_lost(call)
  local disposition, lost = unpack(redis.call("HMGET", call.key, "disposition", "lost"))
  local waits_again = call.state == PENDING and lost == string.match(call.attempt, "(%d+)$")
  return call.fresh and (call.state == ENDED and disposition == "unknown" or waits_again), waits_again
end

-- A change beside the table: an unknown call may be amended, and from here on it is like any live call.
local function revive(account, call, waits_again)
  local counts, before = campaign_key(call.campaign, "counts"), call.state
  redis.call("HSET", call.key, "state", CONNECTED)
  redis.call("HINCRBY", counts, before, -1)
  redis.call("HINCRBY", counts, CONNECTED, 1)
  to_count(call.campaign)
  call.state = CONNECTED
  if waits_again then
    redis.call("ZREM", campaign_key(call.campaign, "due"), call.row)
    redis.call("HDEL", call.key, "lost", "error")
    redis.call("HINCRBY", call.key, "redials", -1)
  else
    local was, why = unpack(redis.call("HMGET", call.key, "disposition", "reason"))
    tally(call.campaign, was, why, -1)
    redis.call("HDEL", call.key, "disposition", "reason", "ended_at", "error")
    go_on(call.campaign, account)
  end
  redis.call("HDEL", attempt_key(call.attempt), "disposition", "reason")
end

-- Two connections name one attempt. Nobody knows which is right, so both end; the other one becomes an orphan.
-- This is done once for each other connection, however often a callback names it.
local function end_both(account, call, other, patience, now)
  local attempt, record = call.attempt, attempt_key(call.attempt)
  if redis.call("HSETNX", record, "other:" .. other, exact(now)) == 0 then
    return
  end
  local contact = contact_of(call)
  own_orphan(account, other, contact and (contact.p or contact.s) or "", true, attempt .. " has two connections", now)
  redis.call("HSET", record, "second_error", "the provider named two connections, both were stopped: " .. other)
  happened(account, "second", attempt, other, now)
  if call.fresh and call.state == CONNECTED then
    move(call, STOPPING)
    owe_stop(account, attempt, "late", patience, now)
  end
end
