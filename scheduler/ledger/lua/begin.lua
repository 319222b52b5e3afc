--[[
  Ask whether the start of an attempt may be sent, and put it on record before the request leaves.

  This script decides by every rule for which Redis has the facts: nobody calls a number that was put on the
  do-not-call list, or a campaign that was paused, before it runs. Each execution of an attempt makes a new
  token, so of two executions only one gets "go".

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  token
    ARGV[4]  lease         seconds after which the answer counts as lost
    ARGV[5]  max_duration  seconds for which an attempt keeps its slot if its answer is lost
    ARGV[6]  late          seconds after which a stop counts as late
    ARGV[7]  closes_at     the instant from which on no start may leave; "" for none
    ARGV[8]  remembered    seconds for which the ledger remembers that the party was called
    ARGV[9]  hold          seconds for which the call may live at most, queue and ringing included, if the
                            provider answers before the callee does; "" otherwise
    ARGV[10] waits         how many of these seconds it may ring
    ARGV[11] caller_id     by which to find it among the provider's calls, "" for any
    ARGV[12] searched      "1" if the provider can be asked for it should its answer be lost
    ARGV[13] targets       parties to whom the call may be transferred, a line for each; "" for nobody
    ARGV[14] now           "" for the server's clock

  Returns "go"; "held" if a rule forbids it now (the attempt is given back) or for good (the call has
  ended as skipped); "stale" if the attempt is no longer claimed.
]]
local account, attempt, token = ARGV[1], ARGV[2], ARGV[3]
local lease, max_duration, late = tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local now = clock(ARGV[14])
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

local facts = facts_of(call, account, max_duration, late, ARGV[7], ARGV[13], now)
for _, each in ipairs(RULES) do
  local found, verdict, detail = each.judge(facts)
  if verdict == "skip" then
    redis.call("ZREM", account_key(account, "slots"), attempt)
    end_call(call, "skipped", detail, found, now)
    return "held"
  elseif verdict then
    wait_again(call, account, verdict == "wait" and detail or now, now)
    redis.call("HSET", facts.meta, "held_at", exact(now), "held_why", each.name .. ": " .. found)
    if each.name == "budget" then
      -- The budget forbids every other call of this campaign too, so workers need not try them one by one.
      redis.call("HSET", facts.meta, "paced_until", exact(now + 1))
    end
    if verdict == "stop" then
      stop_itself(call.campaign, detail, now)
    end
    return "held"
  end
end

move(call, DIALING)
count_attempts(call, 1)
count(account, "starts")
redis.call("HSET", record, "token", token, "begun_at", exact(now), "max_duration", max_duration, "reserved", max_duration)
if ARGV[9] ~= "" then
  redis.call("HSET", record, "hold", ARGV[9], "waits", ARGV[10], "caller_id", ARGV[11], "closes_at", ARGV[7])
  if ARGV[12] == "1" then
    redis.call("HSET", record, "searched", 1)
  end
end
redis.call("HINCRBYFLOAT", facts.meta, "spent", max_duration)
redis.call("ZADD", facts.called, exact(now), attempt)
redis.call("ZREMRANGEBYSCORE", facts.called, "-inf", exact(now - tonumber(ARGV[8])))
redis.call("EXPIRE", facts.called, ARGV[8])
redis.call("ZADD", account_key(account, "slots"), exact(now + lease), attempt)
return "go"
