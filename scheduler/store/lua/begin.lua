--[[
  Ask for leave to send the start of an attempt. Written before the request leaves.

  Of two executions of one attempt one is told to go: the token is made afresh by each execution.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  token
    ARGV[4]  lease         seconds after which the answer counts as lost
    ARGV[5]  max_duration  seconds for which an attempt that gets lost keeps its slot
    ARGV[6]  late          seconds after which a stop counts as late
    ARGV[7]  now           "" for the server's clock

  Returns "go"; "held" when the campaign is paused or too many stops are late (the attempt is given
  back); "stale" when the attempt is no longer claimed.
]]
local account, attempt, token = ARGV[1], ARGV[2], ARGV[3]
local lease, max_duration, late = tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local now = clock(ARGV[7])
local call, record = call_of(attempt), attempt_key(attempt)

if not call.fresh then
  return "stale"
end
if call.state == DIALING then
  return redis.call("HGET", record, "token") == token and "go" or "stale"
end
if call.state ~= CLAIMED then
  return "stale"
end

if too_many_late(account, late, now) then
  wait_again(call, account, now + 1)
  return "held"
end
if redis.call("HGET", campaign_key(call.campaign, "meta"), "state") ~= "active" then
  wait_again(call, account, now)
  return "held"
end

move(call, DIALING)
redis.call("HINCRBY", call.key, "attempts", 1)
redis.call("HINCRBY", campaign_key(call.campaign, "meta"), "dials", 1)
redis.call("HSET", record, "token", token, "begun_at", exact(now), "max_duration", max_duration)
redis.call("ZADD", account_key(account, "slots"), exact(now + lease), attempt)
return "go"
