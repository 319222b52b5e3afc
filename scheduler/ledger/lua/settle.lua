--[[
  The operator gives a verdict on an unknown call.

  placed: it rang. It stays unknown, because nobody knows how it went, and nobody dials it again; its slot
  stays taken as long as before. not_placed: it never rang. It counts as not dialled, and its slot is free.
  redial: the same, and the call is due now, as a new attempt.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  verdict  placed, not_placed, or redial
    ARGV[4]  token    of this execution; the same token changes nothing more
    ARGV[5]  now      "" for the server's clock
    ARGV[6…8] who, note, token of the order, for the record; who is "" for none

  Returns "settled"; "known" if it had this verdict before; "proven" if its conversation proves that it was
  placed, then nothing changes; "stale" if the call is unknown no longer, or another campaign calls it again.
]]
local account, attempt, verdict, token = unpack(ARGV, 1, 4)
local now = clock(ARGV[5])
local call, record = call_of(attempt), attempt_key(attempt)
local due = campaign_key(call.campaign, "due")

local by, conversation, connection =
  unpack(redis.call("HMGET", record, "settled_by", "conversation_id", "connection_id"))
if by == token then
  return "settled"
end
local disposition, reason, lost = unpack(redis.call("HMGET", call.key, "disposition", "reason", "lost"))
local waits = call.state == PENDING and lost == string.match(attempt, "(%d+)$")
local is_over = call.fresh and call.state == ENDED
local is_unknown = waits or is_over and disposition == "unknown"
-- Once another campaign calls it again, only that campaign decides about it.
local retried = redis.call("HEXISTS", campaign_key(call.campaign, "retried"), call.row .. ":" .. call.current) == 1
if verdict == "redial" and retried then
  return "stale"
end
if connection or not (is_unknown or is_over and reason == "not_placed") then
  return "stale"
end
if verdict ~= "placed" and conversation and conversation ~= "" then
  return "proven"
end
if is_over and reason == verdict then
  return "known"
end

-- A call that ended as unknown becomes pending again: a way back beside the table of changes.
local function reopen()
  local counts = campaign_key(call.campaign, "counts")
  redis.call("HSET", call.key, "state", PENDING)
  redis.call("HINCRBY", counts, ENDED, -1)
  redis.call("HINCRBY", counts, PENDING, 1)
  to_count(call.campaign)
  tally(call.campaign, disposition, reason, -1)
  redis.call("HDEL", call.key, "disposition", "reason", "ended_at", "error")
  go_on(call.campaign, account)
end

redis.call("HSET", record, "settled_by", token)
put_on_record(call.campaign, account, "settle", ARGV[6], ARGV[7], ARGV[8], now)
if verdict == "placed" then
  if not is_unknown then
    count_attempts(call, 1)
  end
elseif is_unknown then
  count_attempts(call, -1)
  not_called(call)
  free_held(account, attempt)
end

if verdict == "redial" then
  if waits then
    redis.call("HINCRBY", call.key, "redials", -1)
    redis.call("HDEL", call.key, "error")
  else
    reopen()
  end
  redis.call("HDEL", call.key, "lost")
  put_due(account, call.campaign, call.row, now)
  return "settled"
end
local ending = verdict == "placed" and "unknown" or "skipped"
if waits then
  redis.call("ZREM", due, call.row)
  end_call(call, ending, verdict, "", now)
else
  amend(call, ending, verdict, now)
end
return "settled"
