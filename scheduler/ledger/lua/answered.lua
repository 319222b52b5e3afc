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

return pick_up(account, call_of(attempt), ARGV[3], false, now)
