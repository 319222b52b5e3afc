--[[
  A connection is over, and a final status proves that no phone has rung: give slot and attempt back, and use up
  no attempt. If the call was taken back, its record says what follows; else it is due again.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  message  what the provider said, "" for nothing
    ARGV[4]  most     times that this may happen to a call; "" for any
    ARGV[5]  delay    seconds until it is due again, if nothing else follows
    ARGV[6…11] if the account's calls were used up: version of the limit that was seen, and learned,
                refusals, raise_at, step, had that follow from it; "" otherwise
    ARGV[12] now      "" for the server's clock

  Returns 1; 0 if its end was on record already; -1 if this has happened too often, then nothing changes.
]]
local account, attempt, message, most, delay, seen = unpack(ARGV, 1, 6)
local now = clock(ARGV[12])
local call, record = call_of(attempt), attempt_key(attempt)

if most ~= "" and redis.call("HEXISTS", record, "over_at") == 0 then
  local times = numeric(redis.call("HGET", call.key, "unplaced"), 0)
  if times >= tonumber(most) then
    return -1
  end
  redis.call("HSET", call.key, "unplaced", times + 1)
end
if not close_connection(call, account, now, true) then
  return 0
end
if seen ~= "" then
  refused_at_limit(account, attempt, message, delay, seen, now, unpack(ARGV, 7, 11))
end
if not call.fresh or call.state ~= CONNECTED and call.state ~= STOPPING then
  return 1
end
count_attempts(call, -1)
not_called(call)
redis.call("HSET", record, "rang", 0)
if call.state == CONNECTED then
  move(call, STOPPING)
end
local follows, reason, due_at, why =
  unpack(redis.call("HMGET", record, "follows", "follows_reason", "follows_at", "stop_why"))
if why == "aborted" then
  end_call(call, "aborted", "", message, now)
elseif follows == "skipped" then
  end_call(call, follows, reason, message, now)
else
  wait_again(call, account, numeric(due_at, now + tonumber(delay)), now)
  if message ~= "" then
    redis.call("HSET", call.key, "error", message)
  end
end
return 1
