--[[
  The operator moves the deadline of one live call. Its campaign's budget reserves more for it.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  by        seconds
    ARGV[4]  ceiling   the most seconds that a call may last from its start
    ARGV[5…7] who, note, token of the operator; the same token extends once
    ARGV[8]  asks      "1" to change nothing, and only ask whether this would be allowed
    ARGV[9]  now       "" for the server's clock

  Before the callee has answered, the deadline stays; only the one after the answer becomes later.

  Returns "extended" and the deadline; with `asks`, "may" and how many seconds from the answer the call would
  last; "ceiling" or "budget" and the most seconds that may be added; "over" and 0 if the call is not live, is
  being stopped, or its deadline has passed.
]]
local account, attempt, by, ceiling = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local token, now = ARGV[7], clock(ARGV[9])
local call, record = call_of(attempt), attempt_key(attempt)
local meta = campaign_key(call.campaign, "meta")

local extended_by, deadline, started_at, reserved, stage, answered_at, last_at, longest = unpack(redis.call("HMGET",
  record, "extended_by", "deadline", "started_at", "reserved", "stage", "answered_at", "last_at", "max_duration"))
if extended_by == token then
  return { "extended", deadline }
end
if not call.fresh or call.state ~= CONNECTED or tonumber(deadline) <= now then
  return { "over", "0" }
end
local left = tonumber(started_at) + ceiling - tonumber(deadline)
if stage then
  left = ceiling - numeric(longest, 0)
end
if by > left then
  return { "ceiling", exact(math.max(0, left)) }
end
local budget = policy_of(call.campaign).budget_seconds
if is_set(budget) then
  local unspent = budget - numeric(redis.call("HGET", meta, "spent"), 0)
  if by > unspent then
    return { "budget", exact(math.max(0, unspent)) }
  end
end

local lasts = numeric(longest, 0) + by
if ARGV[8] == "1" then
  return { "may", exact(lasts) }
end
local moves = not stage or answered_at or last_at
local later = exact(moves and tonumber(deadline) + by or tonumber(deadline))
redis.call("HSET", record, "deadline", later, "extended_by", token)
if stage then
  redis.call("HSET", record, "max_duration", exact(lasts))
end
if reserved then
  redis.call("HSET", record, "reserved", exact(tonumber(reserved) + by))
  redis.call("HINCRBYFLOAT", meta, "spent", exact(by))
end
redis.call("ZADD", account_key(account, "slots"), "XX", later, attempt)
redis.call("ZADD", account_key(account, "live"), "XX", later, attempt)
put_on_record(call.campaign, account, "extend", ARGV[5], ARGV[6], token, now)
return { "extended", later }
