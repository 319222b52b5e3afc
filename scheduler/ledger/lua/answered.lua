--[[
  The callee has answered: from now on the deadline is `max_duration` after that. What is on record is
  kept: a later report may know less.

    ARGV[1]  account
    ARGV[2]  attempt
    ARGV[3]  answered_at  by the clock of Redis; "" for the last instant at which it was known to be
                          unanswered: the call may end too early by that, never too late
    ARGV[4]  now          "" for the server's clock

  Returns 1; 0 when it was on record, its connection is over, or its provider does not tell the callee's
  answer from its own.
]]
local account, attempt, now = ARGV[1], ARGV[2], clock(ARGV[4])
local call, record = call_of(attempt), attempt_key(attempt)

local connection, over_at, stage, answered_at, unanswered_at, begun_at, max_duration, why =
  unpack(redis.call("HMGET", record, "connection_id", "over_at", "stage", "answered_at", "unanswered_at",
    "begun_at", "max_duration", "stop_why"))
if not connection or over_at or not stage or answered_at then
  return 0
end
local begun = numeric(begun_at, now)
local at = numeric(ARGV[3], numeric(unanswered_at, begun))
at = math.max(begun, math.min(at, now))
redis.call("HSET", record, "answered_at", exact(at), "stage", "answered")
redis.call("HDEL", record, "look_at")
if not why then
  redis.call("ZREM", account_key(account, "stops"), attempt)
end
if call.fresh and call.state == CONNECTED then
  move_deadline(account, attempt, at + numeric(max_duration, 0))
end
happened(account, "picked_up", attempt, "", now)
return 1
