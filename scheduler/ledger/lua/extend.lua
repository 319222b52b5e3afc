--[[
  The operator moves the deadline of one live call. What its campaign's budget has reserved for it grows.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  by        seconds
    ARGV[4]  ceiling   seconds from its start that no call may last longer than
    ARGV[5…7] who, note, token of the operator; the same token extends once
    ARGV[8]  now       "" for the server's clock

  Returns "extended" and the deadline; "ceiling" or "budget" and the seconds that may be added at most;
  "over" and 0 when it is not live, is being stopped, or its deadline has passed.
]]
local account, attempt, by, ceiling = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local token, now = ARGV[7], clock(ARGV[8])
local call, record = call_of(attempt), attempt_key(attempt)
local meta = campaign_key(call.campaign, "meta")

local extended_by, deadline, started_at, reserved =
  unpack(redis.call("HMGET", record, "extended_by", "deadline", "started_at", "reserved"))
if extended_by == token then
  return { "extended", deadline }
end
if not call.fresh or call.state ~= CONNECTED or tonumber(deadline) <= now then
  return { "over", "0" }
end
local left = tonumber(started_at) + ceiling - tonumber(deadline)
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

local later = exact(tonumber(deadline) + by)
redis.call("HSET", record, "deadline", later, "extended_by", token)
if reserved then
  redis.call("HSET", record, "reserved", exact(tonumber(reserved) + by))
  redis.call("HINCRBYFLOAT", meta, "spent", exact(by))
end
redis.call("ZADD", account_key(account, "slots"), "XX", later, attempt)
redis.call("ZADD", account_key(account, "live"), "XX", later, attempt)
put_on_record(call.campaign, account, "extend", ARGV[5], ARGV[6], token, now)
return { "extended", later }
